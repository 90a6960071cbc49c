using System.Collections.Immutable;
using FlowPlatform.Log;
using FlowPlatform.Stores;

namespace FlowPlatform.Simulation;

/// <summary>Everything that a database holds as of one commit. Never enumerated where the order could matter: hashes of strings differ between processes.</summary>
internal sealed record Snapshot
{
    /// <summary>The service's own rows.</summary>
    public ImmutableDictionary<string, long> Values { get; init; } = ImmutableDictionary<string, long>.Empty;

    public ImmutableDictionary<(string Consumer, PartitionId Partition), CheckpointState> Checkpoints { get; init; } =
        ImmutableDictionary<(string Consumer, PartitionId Partition), CheckpointState>.Empty;

    public ImmutableSortedDictionary<PartitionId, OutboxHead> Heads { get; init; } = ImmutableSortedDictionary<PartitionId, OutboxHead>.Empty;

    /// <summary>Outbox rows that are still there.</summary>
    public ImmutableSortedDictionary<PartitionId, ImmutableList<EventEnvelope>> Rows { get; init; } = ImmutableSortedDictionary<PartitionId, ImmutableList<EventEnvelope>>.Empty;

    /// <summary>All events that were ever decided, for the checker: trimming leaves it alone.</summary>
    public ImmutableSortedDictionary<PartitionId, ImmutableList<EventEnvelope>> Decided { get; init; } = ImmutableSortedDictionary<PartitionId, ImmutableList<EventEnvelope>>.Empty;

    public ImmutableList<PendingCommand> Commands { get; init; } = [];

    public long LastCommand { get; init; }

    public ImmutableHashSet<Guid> Inbox { get; init; } = [];

    public int Incidents { get; init; }

    /// <summary>Of the outbox (rule P2): random where it counts, a number here.</summary>
    public int Incarnation { get; init; } = 1;

    /// <summary>Ids of events that the log has and that are never emitted again (rule P3).</summary>
    public ImmutableHashSet<string> Adopted { get; init; } = [];
}
