using FlowPlatform.Log;
using FlowPlatform.Stores;

namespace FlowPlatform.Simulation;

/// <summary>Leases in a simulated database, on its clock, statement by statement like the real ones.</summary>
internal sealed class SimulatedLeases(SimulatedStore store) : ILeases
{
    public static readonly LeaseSettings Times = new(TimeSpan.FromSeconds(10));

    public LeaseSettings Settings => Times;

    public Pulse Changed { get; } = new();

    private DateTimeOffset Now => store.Database.Machine.Clock.GetUtcNow();

    public async Task JoinAsync(string member, IReadOnlyList<string> consumers, CancellationToken cancellationToken)
    {
        await store.ExecuteAsync(
            null, snapshot => (snapshot with { Members = snapshot.Members.Add(new MemberRow(member, consumers, false, Now + Times.Term)) }, true), cancellationToken);
        Announce();
    }

    public async Task<LeaseTable?> RenewAsync(string member, bool leaving, IReadOnlyCollection<LeaseUnit> units, CancellationToken cancellationToken)
    {
        var before = await store.ExecuteAsync(
            null,
            snapshot => snapshot.Members.Find(row => row.Id == member && row.EndsAt > Now) is { } own
                ? (snapshot with { Members = snapshot.Members.Replace(own, own with { EndsAt = Now + Times.Term, Leaving = leaving }) }, (bool?)own.Leaving)
                : (snapshot, null),
            cancellationToken);
        if (before is null)
        {
            return null;
        }

        var gone = await store.ExecuteAsync(
            null, snapshot => (snapshot with { Members = snapshot.Members.RemoveAll(row => row.EndsAt <= Now) }, snapshot.Members.Count(row => row.EndsAt <= Now)), cancellationToken);
        var table = await store.ReadAsync(Table, cancellationToken);
        if (units.Except(table.Leases.Select(lease => lease.Unit)).ToList() is { Count: > 0 } fresh)
        {
            await store.ExecuteAsync(
                null,
                snapshot => (snapshot with { Leases = snapshot.Leases.AddRange(fresh.Where(unit => !snapshot.Leases.Exists(lease => lease.Unit == unit)).Select(unit => new Lease(unit, null, 0, null))) }, true),
                cancellationToken);
            table = await store.ReadAsync(Table, cancellationToken);
        }

        if (gone > 0 || before != leaving)
        {
            Announce();
        }

        return table;
    }

    public async ValueTask<long?> TakeAsync(StoreTransaction transaction, LeaseUnit unit, string member)
    {
        var connection = (SimulatedConnection)transaction.Connection;
        var seen = await connection.LockAsync(RowOf(unit));
        var lease = seen.Leases.Find(known => known.Unit == unit);
        var isFree = lease is not null && (lease.Owner is null || lease.Owner == member || !seen.Members.Exists(row => row.Id == lease.Owner));
        if (!isFree || !seen.Members.Exists(row => row.Id == member && row.EndsAt > Now))
        {
            return null;
        }

        var epoch = lease!.Epoch + 1;
        connection.Change(snapshot => WithLease(snapshot, unit, known => known with { Owner = member, Epoch = epoch, Fault = null }));
        return epoch;
    }

    public async Task ReleaseAsync(string member, LeaseUnit unit, CancellationToken cancellationToken)
    {
        await store.ExecuteAsync(RowOf(unit), snapshot => (WithLease(snapshot, unit, lease => lease.Owner == member ? lease with { Owner = null } : lease), true), cancellationToken);
        Announce();
    }

    public async Task NoteFaultAsync(string member, LeaseUnit unit, string fault, CancellationToken cancellationToken)
    {
        await store.ExecuteAsync(RowOf(unit), snapshot => (WithLease(snapshot, unit, lease => lease.Owner == member ? lease with { Fault = fault } : lease), true), cancellationToken);
        Announce();
    }

    public async Task LeaveAsync(string member, CancellationToken cancellationToken)
    {
        await store.ExecuteAsync(null, snapshot => (snapshot with { Members = snapshot.Members.RemoveAll(row => row.Id == member) }, true), cancellationToken);
        Announce();
    }

    private static Row RowOf(LeaseUnit unit) => new("lease", unit.Consumer, unit.Partition);

    private static Snapshot WithLease(Snapshot snapshot, LeaseUnit unit, Func<Lease, Lease> change)
    {
        var index = snapshot.Leases.FindIndex(lease => lease.Unit == unit);
        return index < 0 ? snapshot : snapshot with { Leases = snapshot.Leases.SetItem(index, change(snapshot.Leases[index])) };
    }

    private LeaseTable Table(Snapshot snapshot) => new(
        [.. snapshot.Members.Where(row => row.EndsAt > Now).Select(row => new LeaseMember(row.Id, row.Consumers, row.Leaving, row.EndsAt - Now))], snapshot.Leases);

    /// <summary>Others hear of it, unless their connection was away just then.</summary>
    private void Announce()
    {
        foreach (var other in store.Database.Open)
        {
            if (!store.Database.Faulty || !store.Database.Machine.Dice.OneIn(10))
            {
                other.SharedLeases?.Changed.Signal();
            }
        }
    }
}
