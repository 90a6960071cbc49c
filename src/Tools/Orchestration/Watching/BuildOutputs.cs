using System.Globalization;
using System.Runtime.InteropServices;

namespace FlowPlatform.Orchestration.Watching;

/// <summary>
/// Copies of what was built, for processes to run from: the next build replaces those files, and a process that loads one more of them later, or is started again after a crash, would run a
/// mixture of two builds (on Windows the build could not replace them at all). Of each project the newest copy and the one before are kept. For one caller at a time; <see cref="AssemblyOf"/> for many.
/// </summary>
internal sealed class BuildOutputs(string folder)
{
    private const string Runtimes = "runtimes";

    private readonly Lock gate = new();
    private readonly Dictionary<string, Copy> current = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> former = new(StringComparer.Ordinal);
    private int count;

    /// <summary>Deletes an earlier AppHost's copies.</summary>
    public void Clear()
    {
        if (Directory.Exists(folder))
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    /// <summary>Copies what was built. False if nothing in it is new.</summary>
    /// <exception cref="IOException">It can't be copied.</exception>
    public bool Take(IBuiltProjectMetadata project)
    {
        var source = Path.GetDirectoryName(project.TargetPath)!;
        var files = SourceFiles(source);
        if (!files.ContainsKey(Path.GetFileName(project.TargetPath)) || (Find(project.TargetPath) is { } known && SourceScan.Changes(known.Files, files).Count == 0))
        {
            return false;
        }
        var target = Path.Combine(folder, string.Create(CultureInfo.InvariantCulture, $"{Path.GetFileNameWithoutExtension(project.TargetPath)}-{++count}"));
        foreach (var file in files.Keys)
        {
            var path = Path.Combine(target, file);
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            File.Copy(Path.Combine(source, file), path);
        }
        Replace(project.TargetPath, new Copy(target, files));
        return true;
    }

    /// <summary>The built assembly's newest copy; null if nothing was copied.</summary>
    public string? AssemblyOf(IBuiltProjectMetadata project) => Find(project.TargetPath) is { } copy ? Path.Combine(copy.Folder, Path.GetFileName(project.TargetPath)) : null;

    private Copy? Find(string targetPath)
    {
        lock (gate)
        {
            return current.GetValueOrDefault(targetPath);
        }
    }

    private void Replace(string targetPath, Copy copy)
    {
        string? old;
        lock (gate)
        {
            former.Remove(targetPath, out old);
            if (current.TryGetValue(targetPath, out var before))
            {
                former[targetPath] = before.Folder;
            }
            current[targetPath] = copy;
        }
        if (old is not null)
        {
            Directory.Delete(old, recursive: true);
        }
    }

    /// <summary>By paths below the output's folder, without native libraries of other systems: those of SQLite alone are 67 MB.</summary>
    private static Dictionary<string, FileStamp> SourceFiles(string source) => Directory.Exists(source)
        ? new DirectoryInfo(source).EnumerateFiles("*", SearchOption.AllDirectories)
            .Select(file => (Path: Path.GetRelativePath(source, file.FullName), file))
            .Where(found => IsOfThisSystem(found.Path))
            .ToDictionary(found => found.Path, found => new FileStamp(found.file.LastWriteTimeUtc, found.file.Length), StringComparer.Ordinal)
        : [];

    private static bool IsOfThisSystem(string path)
    {
        var parts = path.Split(Path.DirectorySeparatorChar, 3);
        return parts[0] != Runtimes || parts.Length < 3 || parts[1] == RuntimeInformation.RuntimeIdentifier || !parts[1].Contains('-', StringComparison.Ordinal);
    }

    private sealed record Copy(string Folder, Dictionary<string, FileStamp> Files);
}
