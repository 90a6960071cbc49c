using FlowPlatform.Log;

namespace FlowPlatform.Stores;

/// <summary>
/// Who of several replicas owns what, in the database that they share (rule C4). A lease saves double work; what makes it safe is its epoch, which every consumer transaction compares.
/// Safe for concurrent use. What passes by itself (a lost connection, a lock) throws <see cref="StoreBusyException"/>.
/// </summary>
public interface ILeases
{
    /// <summary>The times that all replicas keep to.</summary>
    LeaseSettings Settings { get; }

    /// <summary>Signals, soon after, that some replica joined, left or released something. It may signal without reason; it may miss something while the database is away.</summary>
    Pulse Changed { get; }

    /// <summary>Adds a replica, which then has <see cref="LeaseSettings.Term"/> to renew.</summary>
    /// <param name="member">An id that was never used before.</param>
    /// <param name="consumers">What it can own: see <see cref="LeaseUnit.Consumer"/>.</param>
    /// <param name="cancellationToken">Cancels.</param>
    Task JoinAsync(string member, IReadOnlyList<string> consumers, CancellationToken cancellationToken);

    /// <summary>Prolongs a replica's term, removes replicas whose term is over, adds units that are new, and reads everything.</summary>
    /// <param name="member">The replica.</param>
    /// <param name="leaving">True: it takes nothing more, and gives back what it has.</param>
    /// <param name="units">Units that it knows.</param>
    /// <param name="cancellationToken">Cancels.</param>
    /// <returns>All members and leases; null if its own term was over: it has nothing any more, and joins again under another id.</returns>
    Task<LeaseTable?> RenewAsync(string member, bool leaving, IReadOnlyCollection<LeaseUnit> units, CancellationToken cancellationToken);

    /// <summary>
    /// Takes a unit that nobody has, that its owner is gone from, or that it has already, and raises its epoch. Call it in the transaction that raises the checkpoints, too
    /// (<see cref="ICheckpoints.ClaimAsync"/>), in any store of the same database.
    /// </summary>
    /// <returns>The new epoch; null if another live replica has it, or this one's term is over.</returns>
    ValueTask<long?> TakeAsync(StoreTransaction transaction, LeaseUnit unit, string member);

    /// <summary>Gives a unit back; nothing happens if the replica doesn't have it.</summary>
    Task ReleaseAsync(string member, LeaseUnit unit, CancellationToken cancellationToken);

    /// <summary>Notes why the owner of a unit has stopped with it; the next owner starts without.</summary>
    Task NoteFaultAsync(string member, LeaseUnit unit, string fault, CancellationToken cancellationToken);

    /// <summary>Removes a replica; what it still has is free.</summary>
    Task LeaveAsync(string member, CancellationToken cancellationToken);
}

/// <summary>What one replica at a time owns.</summary>
/// <param name="Consumer">Name of the consumer, or of a relay.</param>
/// <param name="Partition">The partition; null: all of the consumer's, or a relay.</param>
public readonly record struct LeaseUnit(string Consumer, PartitionId? Partition)
{
    /// <summary>The relay that publishes the outbox.</summary>
    public static LeaseUnit OutboxRelay => new("$outbox", null);

    /// <summary>The relay that sends commands.</summary>
    public static LeaseUnit CommandRelay => new("$commands", null);

    /// <inheritdoc />
    public override string ToString() => Partition is { } partition ? $"{Consumer} on {partition}" : Consumer;
}

/// <summary>A unit and who has it.</summary>
/// <param name="Unit">The unit.</param>
/// <param name="Owner">Id of the replica; null if nobody has it. One that is no member any more is gone: the unit is free.</param>
/// <param name="Epoch">Raised by every take; 0 before the first.</param>
/// <param name="Fault">Why its owner has stopped with it; null if it has not.</param>
public sealed record Lease(LeaseUnit Unit, string? Owner, long Epoch, string? Fault);

/// <summary>A replica.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Consumers">What it can own.</param>
/// <param name="Leaving">It gives back what it has.</param>
/// <param name="Remaining">What is left of its term when it was read.</param>
public sealed record LeaseMember(string Id, IReadOnlyList<string> Consumers, bool Leaving, TimeSpan Remaining);

/// <summary>Everything about leases at one moment.</summary>
/// <param name="Members">Replicas whose term is not over.</param>
/// <param name="Leases">All units.</param>
public sealed record LeaseTable(IReadOnlyList<LeaseMember> Members, IReadOnlyList<Lease> Leases)
{
    /// <summary>Nobody and nothing.</summary>
    public static LeaseTable Empty { get; } = new([], []);

    /// <summary>True if the owner of a lease is there.</summary>
    public bool IsHeld(Lease lease) => lease.Owner is { } owner && Members.Any(member => member.Id == owner);
}
