using Microsoft.Data.Sqlite;

namespace FlowPlatform.Dashboard.Storage;

/// <summary>A question about telemetry could not be answered.</summary>
internal sealed class TelemetryQueryException(string message, string run, Exception? inner = null) : Exception(message, inner)
{
    /// <summary>Which run was asked.</summary>
    public string Run { get; } = run;
}

/// <summary>Reads from runs: a few at a time, each within a time limit, so that no question takes the machine from what it asks about. Safe for concurrent use.</summary>
internal sealed class TelemetryReader(TimeProvider clock) : IDisposable
{
    private const int MaxConcurrent = 4;
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(5);
    private readonly SemaphoreSlim places = new(MaxConcurrent, MaxConcurrent);

    /// <summary>Reads, on another thread.</summary>
    /// <exception cref="TelemetryQueryException">It took longer than 5 s, waiting for its turn included, or the run is gone.</exception>
    /// <exception cref="OperationCanceledException">Cancelled by the caller.</exception>
    public async Task<T> ReadAsync<T>(TelemetryRun run, Signal signal, Func<SqliteConnection, T> read, CancellationToken cancellationToken)
    {
        using var limit = new CancellationTokenSource(Limit, clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, limit.Token);
        try
        {
            await places.WaitAsync(either.Token);
            try
            {
                return await Task.Run(() => Read(run, signal, read, either.Token), either.Token);
            }
            finally
            {
                places.Release();
            }
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new TelemetryQueryException($"This takes longer than {Limit.TotalSeconds:0} s. Ask for less: a shorter time, or a filter.", run.Name);
        }
    }

    public void Dispose() => places.Dispose();

    private static T Read<T>(TelemetryRun run, Signal signal, Func<SqliteConnection, T> read, CancellationToken cancellationToken)
    {
        try
        {
            using var connection = run[signal].OpenReader();
            var handle = connection.Handle!;
            using var interrupting = cancellationToken.Register(() => SQLitePCL.raw.sqlite3_interrupt(handle));
            // One snapshot: what several statements read fits together.
            using var transaction = connection.BeginTransaction(deferred: true);
            return read(connection);
        }
        catch (SqliteException e) when (e.SqliteErrorCode == SQLitePCL.raw.SQLITE_INTERRUPT)
        {
            throw new OperationCanceledException(cancellationToken);
        }
        catch (SqliteException e)
        {
            throw new TelemetryQueryException($"The telemetry of {run.Name} can't be read: {e.Message}", run.Name, e);
        }
    }
}
