using FlowPlatform.Log;

namespace FlowPlatform.Stores;

/// <summary>The outbox as the relay sees it. Safe for concurrent use.</summary>
public interface IOutbox
{
    /// <summary>Producer reference <c>service/incarnation</c>; the incarnation was created with the outbox (rule P2).</summary>
    string Producer { get; }

    /// <summary>When the incarnation was created: the log has nothing older of it. Null if that isn't known.</summary>
    DateTimeOffset? ProducerSince => null;

    /// <summary>Signals after every commit that added events.</summary>
    Pulse EventsAdded { get; }

    /// <summary>Signals after every commit that added commands.</summary>
    Pulse CommandsAdded { get; }

    /// <summary>How full it is, and how full it may be.</summary>
    OutboxRoom Room { get; }

    /// <summary>The head of every partition that has ever had an event.</summary>
    Task<IReadOnlyList<OutboxHead>> ReadHeadsAsync(CancellationToken cancellationToken);

    /// <summary>The next rows of a partition, in sequence.</summary>
    /// <param name="partition">The partition.</param>
    /// <param name="after">Sequence to start after.</param>
    /// <param name="maxEvents">At most so many events.</param>
    /// <param name="maxBytes">Stops once so many bytes of data are exceeded; always returns at least one row if there is one.</param>
    /// <param name="cancellationToken">Cancels.</param>
    Task<IReadOnlyList<EventEnvelope>> ReadAsync(PartitionId partition, long after, int maxEvents, long maxBytes, CancellationToken cancellationToken);

    /// <summary>Id of the event at a sequence; null if the row is trimmed or was never there.</summary>
    Task<string?> FindIdAsync(PartitionId partition, long sequence, CancellationToken cancellationToken);

    /// <summary>The lowest sequence of which the row is still there; null if there is no row.</summary>
    Task<long?> FindLowestAsync(PartitionId partition, CancellationToken cancellationToken);

    /// <summary>Ids of all rows of a partition that are still there, by sequence.</summary>
    Task<IReadOnlyDictionary<long, string>> ReadIdsAsync(PartitionId partition, CancellationToken cancellationToken);

    /// <summary>True if the store has adopted a log: it knows events that it must not emit again.</summary>
    Task<bool> HasAdoptedAsync(CancellationToken cancellationToken);

    /// <summary>
    /// Starts a new incarnation (rule P3): what the log has beyond the store is never emitted again, rows that are in the log go, the others get sequences from 1 in the order they had.
    /// Call it while no relay runs.
    /// </summary>
    Task AdoptAsync(OutboxAdoption adoption, CancellationToken cancellationToken);

    /// <summary>Records something about the log that an operator should know, as <see cref="Incident.Relay"/>; the same is recorded once.</summary>
    Task RecordIncidentAsync(PartitionId partition, long mark, string kind, string detail, CancellationToken cancellationToken);

    /// <summary>Records that the log has confirmed everything up to a sequence.</summary>
    Task ConfirmAsync(IReadOnlyList<OutboxConfirm> confirms, CancellationToken cancellationToken);

    /// <summary>Deletes confirmed rows up to a sequence; the newest row of the partition stays (rule P5).</summary>
    /// <returns>How many were deleted.</returns>
    Task<int> TrimAsync(PartitionId partition, long upTo, int maxRows, CancellationToken cancellationToken);

    /// <summary>Commands that wait to be sent or handled, oldest first.</summary>
    /// <param name="after">Only those with a higher <see cref="PendingCommand.Number"/>; 0 for all.</param>
    /// <param name="max">At most so many.</param>
    /// <param name="cancellationToken">Cancels.</param>
    Task<IReadOnlyList<PendingCommand>> ReadCommandsAsync(long after, int max, CancellationToken cancellationToken);

    /// <summary>Removes commands that their queue has confirmed.</summary>
    Task RemoveCommandsAsync(IReadOnlyList<Guid> ids, CancellationToken cancellationToken);

    /// <summary>Commands that wait to be sent or handled.</summary>
    Task<long> CountCommandsAsync(CancellationToken cancellationToken);
}

/// <summary>The end of one partition's order in the outbox.</summary>
/// <param name="Partition">The partition.</param>
/// <param name="Assigned">The last sequence assigned.</param>
/// <param name="Confirmed">The log has confirmed everything up to this; 0 if nothing.</param>
/// <param name="ConfirmedId">Event id at <paramref name="Confirmed"/>; outlives trimming (rule P3).</param>
public sealed record OutboxHead(PartitionId Partition, long Assigned, long Confirmed, string? ConfirmedId);

/// <summary>The log has confirmed everything up to here.</summary>
/// <param name="Partition">The partition.</param>
/// <param name="Sequence">The sequence.</param>
/// <param name="EventId">The event's id.</param>
public readonly record struct OutboxConfirm(PartitionId Partition, long Sequence, string EventId);

/// <summary>What <see cref="IOutbox.AdoptAsync"/> is to write.</summary>
/// <param name="Incarnation">The new incarnation: 16 hexadecimal digits.</param>
/// <param name="Common">By partition, the last sequence that store and log have in common under the old incarnation.</param>
/// <param name="Beyond">Events of this service that the log has and the store has not.</param>
public sealed record OutboxAdoption(string Incarnation, IReadOnlyDictionary<PartitionId, long> Common, IReadOnlyList<AdoptedEvent> Beyond);

/// <summary>An event that the log has and the store has not.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Partition">Where it is.</param>
/// <param name="Producer">Who published it.</param>
/// <param name="Sequence">Its sequence there.</param>
public sealed record AdoptedEvent(string Id, PartitionId Partition, string Producer, long Sequence);
