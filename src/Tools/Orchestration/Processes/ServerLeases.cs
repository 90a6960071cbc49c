using System.Security.Cryptography;
using System.Text;

namespace FlowPlatform.Orchestration.Processes;

/// <summary>
/// Who uses a server that test processes share: each holds a lease, a locked file, which the system releases however its holder ends.
/// </summary>
internal sealed class ServerLeases(string folder)
{
    /// <summary>A server's start may begin with a download.</summary>
    private static readonly TimeSpan StartLimit = TimeSpan.FromMinutes(15);

    private string Leases => Path.Combine(folder, "leases");

    /// <summary>One folder per user and clone: clones side by side may differ in what they start.</summary>
    public static string DefaultFolder()
    {
        var clone = new DirectoryInfo(AppContext.BaseDirectory);
        while (clone is not null && !File.Exists(Path.Combine(clone.FullName, "FlowPlatform.sln")))
        {
            clone = clone.Parent;
        }
        var key = SHA256.HashData(Encoding.UTF8.GetBytes($"{Environment.UserName}\n{clone?.FullName ?? AppContext.BaseDirectory}"));
        return Path.Combine(Path.GetTempPath(), $"flowplatform-tests-{Convert.ToHexStringLower(key)[..16]}");
    }

    /// <summary>Held while one looks whether there is a server, and starts or stops it.</summary>
    /// <exception cref="TimeoutException">Another process holds it for longer than a start takes.</exception>
    public Task<FileLock> LockAsync(CancellationToken cancellationToken) =>
        FileLock.AcquireAsync(Path.Combine(folder, "lock"), StartLimit, onWait: null, TimeProvider.System, cancellationToken);

    /// <exception cref="IOException">The file system has no locks.</exception>
    public FileLock Take() => FileLock.TryAcquire(Path.Combine(Leases, $"{Environment.ProcessId}-{Guid.NewGuid():N}"))
        ?? throw new IOException("A new lease file can't be locked: does the temporary folder's file system support locks?");

    /// <summary>Whether a process holds a lease; files of those that ended are removed.</summary>
    public bool Any()
    {
        foreach (var file in Directory.Exists(Leases) ? Directory.GetFiles(Leases) : [])
        {
            using var free = FileLock.TryAcquire(file);
            if (free is null)
            {
                return true;
            }
            File.Delete(file);
        }
        return false;
    }

    /// <summary>Removes a server's data; a server that outlived its killed owner is ended first.</summary>
    public static void RemoveData(string data)
    {
        if (Directory.Exists(data))
        {
            new ProcessJournal(Path.Combine(data, "processes")).Sweep();
            Directory.Delete(data, recursive: true);
        }
    }
}
