using System.Collections.Concurrent;
using FlowPlatform.Log;
using FlowPlatform.Storage.Sql;
using FlowPlatform.Stores;

namespace FlowPlatform.Storage.Postgres;

/// <summary>
/// The outbox as the relay of one replica sees it, though all of them write to it. What this one wrote last is in memory; once another may have written, the table is asked. Safe for concurrent use.
/// </summary>
internal sealed class PostgresOutbox(IStore store, string service, Incarnation first, OutboxRoom room, TimeProvider clock) : SqlOutbox(store, service, first, room, clock)
{
    private readonly ConcurrentDictionary<PartitionId, long> asked = new();
    private long foreign = 1;

    /// <summary>Commits of this replica that others should hear of; set while the store is open.</summary>
    public PostgresSignals? Signals { get; set; }

    /// <summary>Another replica may have written.</summary>
    public void Distrust() => Interlocked.Increment(ref foreign);

    /// <summary>Something was committed here.</summary>
    public void Announce(bool events, bool commands)
    {
        Wake(events, commands);
        Signals?.Announce(events, commands);
    }

    /// <summary>Wakes who waits in this process.</summary>
    public void Wake(bool events, bool commands)
    {
        if (events)
        {
            EventsAdded.Signal();
        }

        if (commands)
        {
            CommandsAdded.Signal();
        }
    }

    public override async Task<IReadOnlyList<EventEnvelope>> ReadAsync(PartitionId partition, long after, int maxEvents, long maxBytes, CancellationToken cancellationToken)
    {
        var version = Interlocked.Read(ref foreign);
        if (TryReadTail(partition, after, maxEvents, maxBytes, out var newest) && (newest.Count > 0 || asked.GetValueOrDefault(partition) == version))
        {
            return newest;
        }

        var rows = await ReadTableAsync(partition, after, maxEvents, maxBytes, cancellationToken);
        if (rows.Count == 0)
        {
            asked[partition] = version;
        }

        return rows;
    }
}
