using System.Globalization;
using Aspire.Hosting;
using FlowPlatform.Orchestration.Processes;

namespace FlowPlatform.Orchestration.Supervision;

/// <summary>One AppHost per data directory; the system releases the lock however its holder ends.</summary>
internal sealed class DataDirectoryLock : IDisposable
{
    private readonly FileLock held;
    private readonly string pidFile;

    private DataDirectoryLock(FileLock held, string pidFile)
    {
        this.held = held;
        this.pidFile = pidFile;
    }

    /// <exception cref="DistributedApplicationException">Another AppHost has it (the message names its pid), or the directory can't be written.</exception>
    public static DataDirectoryLock Acquire(string dataDirectory)
    {
        var pidFile = Path.Combine(dataDirectory, "apphost.pid");
        FileLock? held = null;
        try
        {
            Directory.CreateDirectory(dataDirectory);
            held = FileLock.TryAcquire(Path.Combine(dataDirectory, "apphost.lock"));
            if (held is null)
            {
                var pid = File.Exists(pidFile) ? File.ReadAllText(pidFile).Trim() : "unknown";
                throw new DistributedApplicationException($"Another AppHost (pid {pid}) runs on {dataDirectory}. Stop it, or choose another directory with --data.");
            }
            File.WriteAllText(pidFile, Environment.ProcessId.ToString(CultureInfo.InvariantCulture));
            return new DataDirectoryLock(held, pidFile);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            held?.Dispose();
            throw new DistributedApplicationException($"The data directory {dataDirectory} can't be used: {e.Message}", e);
        }
    }

    public void Dispose()
    {
        File.Delete(pidFile);
        held.Dispose();
    }
}
