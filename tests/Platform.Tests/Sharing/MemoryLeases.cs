using FlowPlatform.Stores;

namespace FlowPlatform.Tests.Sharing;

/// <summary>Leases of replicas that live in one process, on a clock that the test may own. <see cref="Away"/> plays a database that can't be reached.</summary>
internal sealed class MemoryLeases(TimeProvider clock, LeaseSettings settings) : ILeases
{
    private readonly Lock gate = new();
    private readonly Dictionary<string, Row> members = [];
    private readonly Dictionary<LeaseUnit, Lease> leases = [];

    public LeaseSettings Settings => settings;

    public Pulse Changed { get; } = new();

    /// <summary>Who can't reach the database.</summary>
    public Func<string, bool> Away { get; set; } = _ => false;

    /// <summary>Runs in every renewal before it is done.</summary>
    public Func<CancellationToken, Task> BeforeRenew { get; set; } = _ => Task.CompletedTask;

    /// <summary>Runs after a member's row was deleted.</summary>
    public Action AfterLeave { get; set; } = () => { };

    /// <summary>Every take, in order.</summary>
    public List<(LeaseUnit Unit, string Owner, long Epoch)> Takes { get; } = [];

    public LeaseTable Table
    {
        get
        {
            lock (gate)
            {
                return Read();
            }
        }
    }

    public Task JoinAsync(string member, IReadOnlyList<string> consumers, CancellationToken cancellationToken)
    {
        Reach(member);
        lock (gate)
        {
            members.Add(member, new Row(consumers, false, clock.GetTimestamp()));
        }

        Changed.Signal();
        return Task.CompletedTask;
    }

    public async Task<LeaseTable?> RenewAsync(string member, bool leaving, IReadOnlyCollection<LeaseUnit> units, CancellationToken cancellationToken)
    {
        await BeforeRenew(cancellationToken);
        Reach(member);
        var news = false;
        lock (gate)
        {
            foreach (var gone in members.Where(pair => Remaining(pair.Value) <= TimeSpan.Zero).Select(pair => pair.Key).ToList())
            {
                members.Remove(gone);
            }

            if (!members.TryGetValue(member, out var row))
            {
                return null;
            }

            news = row.Leaving != leaving;
            members[member] = row with { Leaving = leaving, RenewedAt = clock.GetTimestamp() };
            foreach (var unit in units)
            {
                leases.TryAdd(unit, new Lease(unit, null, 0, null));
            }
        }

        if (news)
        {
            Changed.Signal();
        }

        return Table;
    }

    public ValueTask<long?> TakeAsync(StoreTransaction transaction, LeaseUnit unit, string member)
    {
        Reach(member);
        lock (gate)
        {
            var lease = leases[unit];
            if (!members.TryGetValue(member, out var row) || Remaining(row) <= TimeSpan.Zero || (lease.Owner is { } owner && owner != member && members.ContainsKey(owner)))
            {
                return ValueTask.FromResult<long?>(null);
            }

            leases[unit] = new Lease(unit, member, lease.Epoch + 1, null);
            Takes.Add((unit, member, lease.Epoch + 1));
            return ValueTask.FromResult<long?>(lease.Epoch + 1);
        }
    }

    public Task ReleaseAsync(string member, LeaseUnit unit, CancellationToken cancellationToken)
    {
        Reach(member);
        lock (gate)
        {
            leases[unit] = leases[unit].Owner == member ? leases[unit] with { Owner = null } : leases[unit];
        }

        Changed.Signal();
        return Task.CompletedTask;
    }

    public Task NoteFaultAsync(string member, LeaseUnit unit, string fault, CancellationToken cancellationToken)
    {
        Reach(member);
        lock (gate)
        {
            leases[unit] = leases[unit].Owner == member ? leases[unit] with { Fault = fault } : leases[unit];
        }

        Changed.Signal();
        return Task.CompletedTask;
    }

    public Task LeaveAsync(string member, CancellationToken cancellationToken)
    {
        Reach(member);
        lock (gate)
        {
            members.Remove(member);
        }

        AfterLeave();
        Changed.Signal();
        return Task.CompletedTask;
    }

    private LeaseTable Read() => new([.. members.Select(pair => new LeaseMember(pair.Key, pair.Value.Consumers, pair.Value.Leaving, Remaining(pair.Value)))], [.. leases.Values]);

    private TimeSpan Remaining(Row row) => settings.Term - clock.GetElapsedTime(row.RenewedAt);

    private void Reach(string member)
    {
        if (Away(member))
        {
            throw new StoreBusyException($"{member} can't reach the database.");
        }
    }

    private sealed record Row(IReadOnlyList<string> Consumers, bool Leaving, long RenewedAt);
}
