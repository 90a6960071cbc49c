using FlowPlatform.Log;

namespace FlowPlatform.Stores;

/// <summary>How far a consumer has come in one partition. It commits in the same transaction as what it speaks of (rule C1). Immutable.</summary>
public sealed record Checkpoint
{
    /// <summary>Name of the consumer.</summary>
    public required string Consumer { get; init; }

    /// <summary>The partition.</summary>
    public required PartitionId Partition { get; init; }

    /// <summary>Number of partitions of the stream when the consumer attached: fixed (rule C8).</summary>
    public required int Partitions { get; init; }

    /// <summary>The next offset to read.</summary>
    public long NextOffset { get; init; }

    /// <summary>Epoch of the owner: a hand-over raises it, which fences the old owner out.</summary>
    public long Epoch { get; init; }

    /// <summary>Producer that <see cref="Mark"/> belongs to; null before the first event with a sequence.</summary>
    public string? Producer { get; init; }

    /// <summary>High-water mark: the greatest sequence of <see cref="Producer"/> that was applied (rule C2); 0 before the first.</summary>
    public long Mark { get; init; }

    /// <summary>
    /// Event id at <see cref="Mark"/>: what comes again under that sequence must be the same event. Null before the first, and where it isn't known (an older store, an earlier incarnation, an accepted gap).
    /// </summary>
    public string? MarkId { get; init; }

    /// <summary>The sequence that the consumer began with: 1, or a later one if the log had lost its head when it attached; 0 before the first event.</summary>
    public long JoinedAt { get; init; }

    /// <summary>Offset of the last record taken in; -1 before the first.</summary>
    public long LastOffset { get; init; } = -1;

    /// <summary>Event id of that record; null before the first. With the offset it is the newest anchor (rule C3).</summary>
    public string? LastEventId { get; init; }

    /// <summary>Greatest event time taken in, UTC; null before the first event.</summary>
    public DateTimeOffset? EventTime { get; init; }

    /// <summary>Offset of the log's newest record when the consumer attached: up to it, what it applies is a replay. -1 if the log was empty; null before it has attached.</summary>
    public long? ReplayTo { get; init; }

    /// <summary>Events applied so far, for the consumer's own figures.</summary>
    public long Applied { get; init; }
}

/// <summary>A record by which the log is recognised after it may have changed (rule C3).</summary>
/// <param name="Offset">Its offset.</param>
/// <param name="EventId">Its event id.</param>
/// <param name="CommittedAt">When the consumer committed it, UTC.</param>
public readonly record struct Anchor(long Offset, string EventId, DateTimeOffset CommittedAt);

/// <summary>Everything a consumer remembers of one partition.</summary>
/// <param name="Checkpoint">How far it has come.</param>
/// <param name="Anchors">Older anchors, newest first.</param>
/// <param name="RetiredMarks">Marks of producers' earlier incarnations.</param>
public sealed record CheckpointState(Checkpoint Checkpoint, IReadOnlyList<Anchor> Anchors, IReadOnlyDictionary<string, long> RetiredMarks)
{
    /// <summary>Keys of the partition that are parked.</summary>
    public IReadOnlyList<ParkedKey> Parked { get; init; } = [];

    /// <summary>Ids of events that were given up, and are skipped: those of the consumer, in whichever partition.</summary>
    public IReadOnlySet<string> Discarded { get; init; } = System.Collections.Frozen.FrozenSet<string>.Empty;
}

/// <summary>Checkpoints in one database. Safe for concurrent use.</summary>
public interface ICheckpoints
{
    /// <summary>What the consumer remembers, for all partitions of all streams that it has attached to.</summary>
    Task<IReadOnlyList<CheckpointState>> LoadAsync(string consumer, CancellationToken cancellationToken);

    /// <summary>Creates the checkpoint of a partition that the consumer attaches to for the first time.</summary>
    /// <returns>What it begins with: events that were given up before are skipped (rule C7).</returns>
    ValueTask<CheckpointState> CreateAsync(StoreTransaction transaction, Checkpoint checkpoint);

    /// <summary>
    /// Takes a partition over: creates its checkpoint, or raises the epoch of the one that is there, and reads everything in the same transaction (rule C4). A checkpoint is only ever raised.
    /// </summary>
    /// <param name="transaction">The transaction that takes the lease.</param>
    /// <param name="fresh">The checkpoint if there is none yet, with the epoch to raise to.</param>
    /// <exception cref="OwnershipLostException">It has that epoch or a higher one: somebody else has taken the partition meanwhile.</exception>
    ValueTask<CheckpointState> ClaimAsync(StoreTransaction transaction, Checkpoint fresh);

    /// <summary>
    /// Moves a checkpoint, by compare-and-set on next offset and epoch: the first thing in every consumer transaction (rule C1). It may move back (rule C3).
    /// </summary>
    /// <param name="transaction">The consumer's transaction.</param>
    /// <param name="from">As it was read.</param>
    /// <param name="to">As it will be.</param>
    /// <param name="anchor">An anchor to keep, or null.</param>
    /// <exception cref="OwnershipLostException">Somebody else moved it; nothing may be written.</exception>
    ValueTask MoveAsync(StoreTransaction transaction, Checkpoint from, Checkpoint to, Anchor? anchor);

    /// <summary>Records something about the log that an operator should know; the same is recorded once.</summary>
    ValueTask RecordIncidentAsync(StoreTransaction transaction, Checkpoint checkpoint, string kind, string detail);

    /// <summary>What was recorded in this database, newest first; at most the newest 1,000.</summary>
    Task<IReadOnlyList<Incident>> ReadIncidentsAsync(CancellationToken cancellationToken) => Task.FromResult<IReadOnlyList<Incident>>([]);
}

/// <summary>Somebody else moved the checkpoint: this owner is out and has written nothing (rule C1).</summary>
public sealed class OwnershipLostException : FlowException
{
    /// <summary>Creates it.</summary>
    public OwnershipLostException(string consumer, PartitionId partition)
        : base($"Consumer '{consumer}' no longer owns {partition}: its checkpoint was moved by another owner.")
    {
        Consumer = consumer;
        Partition = partition;
    }

    /// <summary>The consumer.</summary>
    public string Consumer { get; }

    /// <summary>The partition.</summary>
    public PartitionId Partition { get; }
}
