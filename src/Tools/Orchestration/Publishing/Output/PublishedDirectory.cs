using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace FlowPlatform.Orchestration.Publishing.Output;

/// <summary>
/// A directory of artefacts. A list of what was written there, with hashes, lies beside it, so that nothing is overwritten or removed that somebody else has made or changed.
/// </summary>
internal sealed class PublishedDirectory(string directory)
{
    /// <summary>The list: path to SHA-256.</summary>
    public const string ListName = ".published.json";

    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true, NewLine = "\n" };

    /// <summary>What writing these files would change; empty if nothing.</summary>
    public string Compare(IReadOnlyList<PublishedFile> files)
    {
        var text = new StringBuilder();
        foreach (var file in files.OrderBy(file => file.Path, StringComparer.Ordinal))
        {
            var before = Read(file.Path);
            if (before != file.Text)
            {
                text.Append(LineDifference.Of(file.Path, before ?? "", file.Text));
            }
        }
        foreach (var path in LeftBehind(files))
        {
            text.Append(LineDifference.Of(path, Read(path)!, ""));
        }
        return text.ToString();
    }

    /// <summary>Writes all of them, or none.</summary>
    /// <returns>A line for each file, and what is left to do.</returns>
    /// <exception cref="PublishException">A file is there that was not written by this, or was changed since, and <paramref name="force"/> is not given.</exception>
    public IReadOnlyList<string> Write(IReadOnlyList<PublishedFile> files, bool force)
    {
        var list = ReadList();
        var foreign = files.Where(file => Read(file.Path) is { } there && there != file.Text && !IsOurs(list, file.Path, there)).Select(file => file.Path).ToArray();
        if (foreign.Length > 0 && !force)
        {
            throw new PublishException(
                $"{directory} has files that were not written by publish, or were changed since: {string.Join(", ", foreign)}. Nothing was written. Look with --diff; --force overwrites them, or choose another --output.");
        }
        var lines = new List<string>();
        foreach (var path in LeftBehind(files))
        {
            if (IsOurs(list, path, Read(path)!) || force)
            {
                File.Delete(Full(path));
                lines.Add($"removed   {path}");
            }
            else
            {
                lines.Add($"left      {path} (changed by hand, and no part of the application any more)");
            }
        }
        foreach (var file in files.OrderBy(file => file.Path, StringComparer.Ordinal))
        {
            lines.Add(WriteOne(file));
        }
        WriteAtomically(Full(ListName), JsonSerializer.Serialize(new SortedDictionary<string, string>(files.ToDictionary(file => file.Path, file => HashOf(file.Text)), StringComparer.Ordinal), Indented) + "\n");
        return lines;
    }

    private string WriteOne(PublishedFile file)
    {
        var before = Read(file.Path);
        if (before == file.Text)
        {
            return $"unchanged {file.Path}";
        }
        var path = Full(file.Path);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        WriteAtomically(path, file.Text);
        if (file.IsExecutable && !OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(path, File.GetUnixFileMode(path) | UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute);
        }
        return before is null ? $"written   {file.Path}" : $"changed   {file.Path}";
    }

    /// <summary>What an earlier run wrote and this one would not.</summary>
    private IEnumerable<string> LeftBehind(IReadOnlyList<PublishedFile> files) =>
        ReadList().Keys.Where(path => files.All(file => file.Path != path) && File.Exists(Full(path))).Order(StringComparer.Ordinal);

    private static bool IsOurs(SortedDictionary<string, string> list, string path, string text) => list.TryGetValue(path, out var hash) && hash == HashOf(text);

    private SortedDictionary<string, string> ReadList()
    {
        var file = Full(ListName);
        try
        {
            return File.Exists(file) ? JsonSerializer.Deserialize<SortedDictionary<string, string>>(File.ReadAllText(file))! : new(StringComparer.Ordinal);
        }
        catch (JsonException e)
        {
            throw new PublishException($"{file} can't be read ({e.Message}). Delete it: what is in the directory then counts as somebody else's.");
        }
    }

    private string? Read(string path) => File.Exists(Full(path)) ? File.ReadAllText(Full(path)) : null;

    /// <summary>A list that was tampered with must not lead out of the directory.</summary>
    private string Full(string path)
    {
        var root = Path.GetFullPath(directory) + Path.DirectorySeparatorChar;
        var full = Path.GetFullPath(Path.Combine(root, path));
        return full.StartsWith(root, StringComparison.Ordinal) ? full : throw new PublishException($"{ListName} names {path}, which is outside of {directory}.");
    }

    private static void WriteAtomically(string path, string text)
    {
        var temporary = path + ".new";
        File.WriteAllText(temporary, text);
        File.Move(temporary, path, overwrite: true);
    }

    private static string HashOf(string text) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)));
}
