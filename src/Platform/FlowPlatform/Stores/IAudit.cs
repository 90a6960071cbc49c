using FlowPlatform.Log;

namespace FlowPlatform.Stores;

/// <summary>What operators did, in the service's main store, where it outlives every generation. Safe for concurrent use.</summary>
public interface IAudit
{
    /// <summary>Writes an entry. One with the same <see cref="AuditEntry.Id"/> is left alone, so that what is done again after a crash is noted once.</summary>
    ValueTask WriteAsync(StoreTransaction transaction, AuditEntry entry);

    /// <summary>Entries, newest first.</summary>
    /// <param name="consumer">About this consumer only; null: all.</param>
    /// <param name="before">Only those with a lower <see cref="AuditEntry.Number"/>; null: from the newest.</param>
    /// <param name="max">At most so many.</param>
    /// <param name="cancellationToken">Cancels.</param>
    Task<IReadOnlyList<AuditEntry>> ReadAsync(string? consumer, long? before, int max, CancellationToken cancellationToken);
}

/// <summary>Events that operators gave up, in the service's main store. Every later fold skips them (rule C7). Safe for concurrent use.</summary>
public interface IDiscards
{
    /// <summary>Adds events; those that it has already are left alone.</summary>
    ValueTask AddAsync(StoreTransaction transaction, ParkedPlace place, ParkingRequest request, IReadOnlyList<string> eventIds);

    /// <summary>Ids of all events that were given up for a consumer.</summary>
    Task<IReadOnlyList<string>> ReadAsync(string consumer, CancellationToken cancellationToken);
}

/// <summary>Who did what to what, when and why.</summary>
/// <param name="Id">Unique; the same for the same thing done again.</param>
/// <param name="At">When, UTC.</param>
/// <param name="Actor">Who.</param>
/// <param name="Action">What, e.g. <c>redrive</c>, <c>discarded</c>.</param>
/// <param name="Reason">Why, in the actor's words; null if not said.</param>
/// <param name="Detail">What came of it, or what it was about; null if there is no more to say.</param>
public sealed record AuditEntry(string Id, DateTimeOffset At, string Actor, string Action, string? Reason, string? Detail)
{
    /// <summary>Its place among all entries; 0 before it is written.</summary>
    public long Number { get; init; }

    /// <summary>Consumer that it is about; null: it is about none.</summary>
    public string? Consumer { get; init; }

    /// <summary>Partition that it is about; null: it is about none.</summary>
    public PartitionId? Partition { get; init; }

    /// <summary>Key that it is about; null: it is about none.</summary>
    public string? Key { get; init; }
}
