using System.Collections.Concurrent;
using System.Security.Cryptography;

namespace FlowPlatform.Dashboard.Storage;

/// <summary>Another dashboard keeps its telemetry in this directory.</summary>
internal sealed class TelemetryDirectoryInUseException(string directory, Exception inner)
    : Exception($"Another dashboard has its telemetry in {directory}. Stop it, or choose another directory (Dashboard:Data).", inner)
{
    public string Directory { get; } = directory;
}

/// <summary>The current run and the earlier ones that are kept. Safe for concurrent use.</summary>
internal sealed class TelemetryRuns : IDisposable
{
    private readonly TelemetryOptions options;
    private readonly TimeProvider clock;
    private readonly ILogger<TelemetryRuns> logger;
    private readonly FileStream only;

    // A run that was listed is not looked at again: its files don't change their version.
    private readonly ConcurrentDictionary<string, bool> readable = [];

    /// <summary>Begins a run, or goes on with the one of the same key.</summary>
    /// <exception cref="TelemetryDirectoryInUseException">Somebody else has it.</exception>
    public TelemetryRuns(TelemetryOptions options, TimeProvider clock, ILogger<TelemetryRuns> logger)
    {
        (this.options, this.clock, this.logger) = (options, clock, logger);
        Directory.CreateDirectory(options.Directory);
        try
        {
            only = new FileStream(Path.Combine(options.Directory, "dashboard.lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException e)
        {
            throw new TelemetryDirectoryInUseException(options.Directory, e);
        }

        var key = options.RunKey;
        Current = (key is null ? null : All().FirstOrDefault(run => run.Key == key && run.IsReadable()))
            ?? TelemetryRun.New(options.Directory, clock.GetUtcNow(), key ?? RandomNumberGenerator.GetHexString(6, lowercase: true));
        Directory.CreateDirectory(Current.Directory);
    }

    public TelemetryRun Current { get; }

    /// <summary>The runs that can be read, newest first, the current one among them.</summary>
    public IReadOnlyList<TelemetryRun> List() =>
        [.. All().Where(run => run.Name == Current.Name || readable.GetOrAdd(run.Name, static (_, run) => run.IsReadable(), run)).Select(run => run.Name == Current.Name ? Current : run)];

    /// <summary>A run by its name; null if it is not (any more) there.</summary>
    public TelemetryRun? Find(string name) => name == Current.Name ? Current : List().FirstOrDefault(run => run.Name == name);

    /// <summary>The run that a page was asked for; without a name the current one.</summary>
    /// <exception cref="TelemetryQueryException">It is not (any more) there.</exception>
    public TelemetryRun Chosen(string? name) =>
        string.IsNullOrEmpty(name) ? Current : Find(name) ?? throw new TelemetryQueryException("This run is not kept any more: it was too old, or there are too many. Choose another one.", name);

    /// <summary>Deletes earlier runs that are too old, too many or too large.</summary>
    public void Prune()
    {
        lock (readable)
        {
            var kept = Current.Bytes;
            var count = 1;
            foreach (var run in All().Where(run => run.Name != Current.Name).ToList())
            {
                kept += run.Bytes;
                count++;
                if (count > options.MaxRuns || kept > options.MaxTotalBytes || run.LastWritten < clock.GetUtcNow() - options.MaxAge)
                {
                    Delete(run);
                }
            }
        }
    }

    public void Dispose() => only.Dispose();

    private IEnumerable<TelemetryRun> All() =>
        Directory.EnumerateDirectories(options.Directory).Select(TelemetryRun.In).OfType<TelemetryRun>().OrderByDescending(static run => run.Started).ThenByDescending(static run => run.Name);

    private void Delete(TelemetryRun run)
    {
        try
        {
            run.Release();
            Directory.Delete(run.Directory, recursive: true);
            readable.TryRemove(run.Name, out _);
        }
        catch (IOException e)
        {
            // Where open files can't be deleted, somebody is reading it: the next time, then.
            DashboardLog.RunNotDeleted(logger, run.Name, e.Message);
        }
    }
}
