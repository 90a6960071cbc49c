using System.Collections.Immutable;
using FlowPlatform.Log;
using FlowPlatform.Stores;

namespace FlowPlatform.Simulation;

/// <summary>Everything that a database holds as of one commit. Never enumerated where the order could matter, unless it is sorted or a list: hashes of strings differ between processes.</summary>
internal sealed record Snapshot
{
    /// <summary>The service's own rows.</summary>
    public ImmutableDictionary<string, long> Values { get; init; } = ImmutableDictionary<string, long>.Empty;

    public ImmutableDictionary<(string Consumer, PartitionId Partition), CheckpointState> Checkpoints { get; init; } =
        ImmutableDictionary<(string Consumer, PartitionId Partition), CheckpointState>.Empty;

    /// <summary>Which process took a partition over last, for the checker: nobody else may move its checkpoint.</summary>
    public ImmutableDictionary<(string Consumer, PartitionId Partition), int> Claimed { get; init; } = ImmutableDictionary<(string Consumer, PartitionId Partition), int>.Empty;

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

    /// <summary>Replicas that are there, in the order in which they joined.</summary>
    public ImmutableList<MemberRow> Members { get; init; } = [];

    /// <summary>Who has what, in the order in which it was first known.</summary>
    public ImmutableList<Lease> Leases { get; init; } = [];

    /// <summary>Parked keys by place.</summary>
    public ImmutableSortedDictionary<ParkedPlace, ParkedRow> Parked { get; init; } = ImmutableSortedDictionary.Create<ParkedPlace, ParkedRow>(ByPlace.Instance);

    /// <summary>Events that a generation skips.</summary>
    public ImmutableHashSet<(string Consumer, string EventId)> Skipped { get; init; } = [];

    /// <summary>Events that operators gave up, in the main store.</summary>
    public ImmutableList<(string Consumer, string EventId)> Discards { get; init; } = [];

    public ImmutableList<AuditEntry> Audit { get; init; } = [];

    /// <summary>The order of the real stores' queries.</summary>
    private sealed class ByPlace : IComparer<ParkedPlace>
    {
        public static ByPlace Instance { get; } = new();

        public int Compare(ParkedPlace x, ParkedPlace y)
        {
            var consumer = string.CompareOrdinal(x.Consumer, y.Consumer);
            var partition = consumer == 0 ? x.Partition.CompareTo(y.Partition) : consumer;
            return partition == 0 ? string.CompareOrdinal(x.Key, y.Key) : partition;
        }
    }
}

/// <summary>A replica.</summary>
internal sealed record MemberRow(string Id, IReadOnlyList<string> Consumers, bool Leaving, DateTimeOffset EndsAt);

/// <summary>A parked key and the events behind it.</summary>
internal sealed record ParkedRow(ParkedKey Key, ImmutableList<ParkedEvent> Events);
