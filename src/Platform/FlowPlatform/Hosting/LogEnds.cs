using System.Collections.Concurrent;
using System.Diagnostics;
using FlowPlatform.Log;
using FlowPlatform.Stores;

namespace FlowPlatform.Hosting;

/// <summary>The ends of partitions, for lag: read from the log at most every two seconds of real time each, since one read costs the broker a subscription. Safe for concurrent use.</summary>
internal sealed class LogEnds(IEventLog log)
{
    private static readonly TimeSpan Fresh = TimeSpan.FromSeconds(2);
    private readonly ConcurrentDictionary<PartitionId, (long ReadAt, Task<LogRecord?> Read)> ends = new();

    /// <summary>
    /// How many events a consumer has still to apply. Sequences tell it exactly; where the log's newest event is of another incarnation than the last one applied, or of a writer without sequences, offsets
    /// tell it, which may skip some.
    /// </summary>
    public static long Lag(LogRecord? end, Checkpoint? at) => end is not { } last ? 0
        : Math.Max(0, last.Event.Producer is { } producer && (at?.Producer ?? producer) == producer ? last.Event.Sequence - (at?.Mark ?? 0) : last.Offset + 1 - (at?.NextOffset ?? 0));

    /// <summary>The newest record, or that it can't be had now.</summary>
    public async Task<(bool Known, LogRecord? Last)> TryReadAsync(PartitionId partition, CancellationToken cancellationToken)
    {
        try
        {
            return (true, await ReadAsync(partition, cancellationToken));
        }
        catch (Exception unknown) when (unknown is EventLogUnavailableException or StreamNotFoundException or OperationCanceledException)
        {
            return (false, null);
        }
    }

    /// <summary>The newest record; null if the partition is empty.</summary>
    /// <exception cref="EventLogUnavailableException">The log can't be reached.</exception>
    public Task<LogRecord?> ReadAsync(PartitionId partition, CancellationToken cancellationToken)
    {
        var (_, read) = ends.AddOrUpdate(
            partition,
            id => (Stopwatch.GetTimestamp(), log.ReadLastAsync(id, CancellationToken.None)),
            (id, known) => known.Read.IsFaulted || (known.Read.IsCompleted && Stopwatch.GetElapsedTime(known.ReadAt) > Fresh)
                ? (Stopwatch.GetTimestamp(), log.ReadLastAsync(id, CancellationToken.None))
                : known);
        return read.WaitAsync(cancellationToken);
    }
}
