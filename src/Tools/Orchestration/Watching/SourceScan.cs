using System.IO.Enumeration;

namespace FlowPlatform.Orchestration.Watching;

/// <summary>What a file was like: who saves it changes that.</summary>
internal readonly record struct FileStamp(DateTimeOffset Written, long Length);

/// <summary>
/// The files of folders at one moment. Looking again is what notices changes everywhere: on network and shared folders, in containers, and where watchers of the system have run out
/// (Linux allows 128 of them for each user by default).
/// </summary>
internal static class SourceScan
{
    private static readonly string[] FoldersLeftOut = ["bin", "obj", "node_modules", "artifacts", "TestResults"];

    /// <summary>What editors and running services write beside sources.</summary>
    private static readonly string[] EndingsLeftOut = ["~", ".swp", ".swx", ".tmp", ".log", ".db", ".db-wal", ".db-shm", ".user", ".pid", ".lock"];

    private static readonly EnumerationOptions Options = new() { RecurseSubdirectories = true, IgnoreInaccessible = true, AttributesToSkip = FileAttributes.ReparsePoint };

    /// <summary>All below the folders but what builds and editors write, and those of the single files that are there.</summary>
    public static Dictionary<string, FileStamp> Take(IEnumerable<string> folders, IEnumerable<string> files)
    {
        var found = new Dictionary<string, FileStamp>(StringComparer.Ordinal);
        foreach (var folder in folders.Distinct().Where(Directory.Exists))
        {
            foreach (var (path, stamp) in Files(folder))
            {
                found[path] = stamp;
            }
        }
        foreach (var file in files.Distinct().Select(path => new FileInfo(path)).Where(file => file.Exists))
        {
            found[file.FullName] = new FileStamp(file.LastWriteTimeUtc, file.Length);
        }
        return found;
    }

    /// <summary>What is new, other or gone.</summary>
    public static IReadOnlyList<string> Changes(Dictionary<string, FileStamp> before, Dictionary<string, FileStamp> after) =>
    [
        .. after.Where(file => !before.TryGetValue(file.Key, out var known) || known != file.Value).Select(file => file.Key),
        .. before.Keys.Where(file => !after.ContainsKey(file)),
    ];

    private static FileSystemEnumerable<(string Path, FileStamp Stamp)> Files(string folder) =>
        new(folder, static (ref FileSystemEntry entry) => (entry.ToFullPath(), new FileStamp(entry.LastWriteTimeUtc, entry.Length)), Options)
        {
            ShouldIncludePredicate = static (ref FileSystemEntry entry) => !entry.IsDirectory && IsSource(entry.FileName),
            ShouldRecursePredicate = static (ref FileSystemEntry entry) => IsSourceFolder(entry.FileName),
        };

    private static bool IsSourceFolder(ReadOnlySpan<char> name)
    {
        foreach (var leftOut in FoldersLeftOut)
        {
            if (name.Equals(leftOut, StringComparison.OrdinalIgnoreCase))
            {
                return false;
            }
        }
        return !name.StartsWith('.');
    }

    private static bool IsSource(ReadOnlySpan<char> name)
    {
        foreach (var ending in EndingsLeftOut)
        {
            if (name.EndsWith(ending, StringComparison.OrdinalIgnoreCase))
            {
                return false;
            }
        }
        return !name.StartsWith('.');
    }
}
