using FlowPlatform.Stores;

namespace FlowPlatform.Consumers.Sharing;

/// <summary>
/// This replica among the others (rule C4): keeps its membership, and lets whoever could own a unit do so while it is this replica's share. Where the store is not shared it owns everything, for ever.
/// Safe for concurrent use.
/// </summary>
internal sealed class Ownership(ILeases? leases, string name, IReadOnlyList<string> consumers, TimeProvider clock, CancellationToken stopping) : IDisposable
{
    /// <summary>Rounds that others' news ask for are at least so far apart.</summary>
    private static readonly TimeSpan RoundsApart = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan LeaveLimit = TimeSpan.FromSeconds(2);
    private readonly Dictionary<LeaseUnit, LeaseSlot> slots = [];
    private readonly Pulse asked = new();
    private readonly Pulse observed = new();
    private readonly CancellationTokenSource left = new();
    private volatile Membership? member;
    private volatile LeaseTable table = LeaseTable.Empty;

    /// <summary>One process that owns everything.</summary>
    public static Ownership Alone(TimeProvider clock) => new(null, $"{Environment.MachineName}/{Environment.ProcessId}", [], clock, CancellationToken.None);

    /// <summary>True if several processes may work on this store.</summary>
    public bool IsShared => leases is not null;

    /// <summary>Who this is.</summary>
    public string Owner => member?.Id ?? name;

    /// <summary>As of the latest round.</summary>
    public LeaseTable Table => table;

    /// <summary>Why the leases can't be renewed at present, and since when; null if they can.</summary>
    public (string Reason, DateTimeOffset Since)? Trouble { get; private set; }

    /// <summary>The hold on a unit; null if another has it, or nobody.</summary>
    public LeaseHold? HoldOf(LeaseUnit unit)
    {
        lock (slots)
        {
            return slots.GetValueOrDefault(unit)?.Hold;
        }
    }

    /// <summary>Is a member, again and again, until <see cref="LeaveAsync"/>; then gives back what is left, so that others need not wait for the end of the term.</summary>
    public async Task RunAsync()
    {
        if (leases is null)
        {
            return;
        }

        Membership? latest = null;
        // Others should count without this replica as soon as it stops.
        using var telling = stopping.Register(asked.Signal);
        try
        {
            while (true)
            {
                left.Token.ThrowIfCancellationRequested();
                var joined = latest = new Membership($"{name}/{Chance.NextHex(3)}", leases.Settings.OwnTerm, clock);
                await JoinAsync(leases, joined);
                member = joined;
                try
                {
                    await KeepAsync(leases, joined);
                }
                finally
                {
                    joined.End();
                    member = null;
                }
            }
        }
        finally
        {
            // Only here: a round that was under way while the row was deleted would take the membership for lost, and join anew for a whole term.
            if (left.IsCancellationRequested && latest is { Remaining: var rest } && rest > TimeSpan.Zero)
            {
                await DeleteAsync(leases, latest);
            }
        }
    }

    /// <summary>
    /// Whenever the unit is this replica's share: takes it, has <paramref name="run"/> work on it until <see cref="LeaseHold.Ending"/>, and gives it back. Ends by cancellation, or by a fault of
    /// <paramref name="run"/>: then the lease is kept, for others would come to the same fault.
    /// </summary>
    /// <param name="unit">The unit.</param>
    /// <param name="store">Where the take commits, together with the claim.</param>
    /// <param name="claim">Raises the unit's checkpoints to the epoch.</param>
    /// <param name="run">Returns, or throws that it is cancelled, once nothing more will be written.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public async Task HoldAsync<T>(
        LeaseUnit unit, IStore store, Func<StoreTransaction, long, ValueTask<T>> claim, Func<T, LeaseHold, Task> run, CancellationToken cancellationToken)
    {
        var slot = SlotOf(unit);
        slot.Resume();
        while (true)
        {
            var me = await WaitForShareAsync(slot, cancellationToken);
            if (await TryTakeAsync(unit, me, store, claim, cancellationToken) is not { } taken)
            {
                slot.IsToTake = false;
                asked.Signal();
                continue;
            }

            using var hold = new LeaseHold(unit, taken.Epoch, me, stopping);
            slot.Hold = hold;
            try
            {
                await run(taken.Claimed, hold);
            }
            catch (OperationCanceledException) when (hold.Ending.IsCancellationRequested)
            {
                // It came to an end, as it was asked to.
            }
            catch (OwnershipLostException)
            {
                hold.Lose();
            }
            catch (Exception fault)
            {
                // If it is only cancelled, the fault is elsewhere in the same consumer: see NoteFault.
                slot.Keep(fault is OperationCanceledException ? null : fault.Message);
                asked.Signal();
                throw;
            }
            finally
            {
                slot.Hold = null;
            }

            await ReleaseAsync(hold, me);
        }
    }

    /// <summary>Writes down, soon, why a consumer has stopped in this replica; it has ended before.</summary>
    public void NoteFault(string consumer, string fault)
    {
        foreach (var slot in Slots().Where(slot => slot.Unit.Consumer == consumer && slot.IsKept))
        {
            slot.Keep(fault);
        }

        asked.Signal();
    }

    /// <summary>Runs something that has no checkpoint, such as a relay, while it is this replica's share.</summary>
    public Task HoldAsync(LeaseUnit unit, IStore store, Func<CancellationToken, Task> run, CancellationToken cancellationToken) => leases is null
        ? run(cancellationToken)
        : HoldAsync(unit, store, static (_, epoch) => ValueTask.FromResult(epoch), (_, hold) => run(hold.Ending), cancellationToken);

    /// <summary>Asks <see cref="RunAsync"/> to end; call it when nothing writes any more.</summary>
    public Task LeaveAsync() => left.EndAsync();

    public void Dispose() => left.Dispose();

    private async Task JoinAsync(ILeases shared, Membership joining)
    {
        var backoff = new Backoff(clock);
        while (true)
        {
            var sent = clock.GetTimestamp();
            try
            {
                await shared.JoinAsync(joining.Id, consumers, left.Token);
                joining.Renewed(sent);
                return;
            }
            catch (StoreBusyException busy)
            {
                Trouble = (busy.Message, Trouble?.Since ?? clock.GetUtcNow());
                await backoff.WaitAsync(left.Token);
            }
        }
    }

    private async Task DeleteAsync(ILeases shared, Membership me)
    {
        using var limit = new CancellationTokenSource(LeaveLimit, clock);
        try
        {
            await shared.LeaveAsync(me.Id, limit.Token);
        }
        catch (Exception unreachable) when (unreachable is StoreBusyException or OperationCanceledException)
        {
            // The others find out when the term is over.
            Trouble = (unreachable.Message, clock.GetUtcNow());
        }
    }

    private async Task KeepAsync(ILeases shared, Membership me)
    {
        while (true)
        {
            var (started, news, wishes) = (clock.GetTimestamp(), shared.Changed.Version, asked.Version);
            var (renewed, lost) = await TryRenewAsync(shared, me, started);
            if (lost || me.IsOver)
            {
                return;
            }

            var next = renewed is null ? RoundsApart * 5 : Next(shared.Settings, me, renewed) - clock.GetElapsedTime(started);
            await Task.Delay(RoundsApart, clock, left.Token);
            if (next > RoundsApart)
            {
                using var either = CancellationTokenSource.CreateLinkedTokenSource(left.Token);
                var wishing = asked.WaitAsync(wishes, either.Token);
                await Task.WhenAny(renewed is null ? wishing : shared.Changed.WaitAsync(news, either.Token), wishing, DelayAsync(next - RoundsApart, either.Token));
                await either.EndAsync();
            }

            left.Token.ThrowIfCancellationRequested();
        }
    }

    /// <summary>When to renew, or somebody else's term ends.</summary>
    private static TimeSpan Next(LeaseSettings settings, Membership me, LeaseTable known)
    {
        var others = known.Members.Where(other => other.Id != me.Id).Select(other => other.Remaining + TimeSpan.FromMilliseconds(20));
        return others.Append(settings.RenewEvery).Min();
    }

    private async Task<(LeaseTable? Table, bool Lost)> TryRenewAsync(ILeases shared, Membership me, long started)
    {
        using var limit = new CancellationTokenSource(Max(me.Remaining, RoundsApart), clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, left.Token);
        try
        {
            await NoteFaultsAsync(shared, me, either.Token);
            if (await shared.RenewAsync(me.Id, stopping.IsCancellationRequested, Units(), either.Token) is not { } read)
            {
                return (null, true);
            }

            me.Renewed(started);
            Trouble = null;
            table = read;
            Observe(read, me);
            await ReleaseRestAsync(shared, me, either.Token);
            return (read, false);
        }
        catch (StoreBusyException busy)
        {
            Trouble = (busy.Message, Trouble?.Since ?? clock.GetUtcNow());
            return (null, false);
        }
        catch (OperationCanceledException) when (!left.IsCancellationRequested)
        {
            Trouble = ("The leases were not renewed in time.", Trouble?.Since ?? clock.GetUtcNow());
            return (null, true);
        }
    }

    private async Task NoteFaultsAsync(ILeases shared, Membership me, CancellationToken cancellationToken)
    {
        foreach (var slot in Slots())
        {
            if (slot.FaultToNote is { } fault)
            {
                await shared.NoteFaultAsync(me.Id, slot.Unit, fault, cancellationToken);
                slot.FaultIsNoted();
            }
        }
    }

    private void Observe(LeaseTable read, Membership me)
    {
        var shares = LeaseShares.Compute(read);
        var known = read.Leases.ToDictionary(lease => lease.Unit);
        foreach (var slot in Slots())
        {
            var lease = known.GetValueOrDefault(slot.Unit);
            slot.Observe(lease, lease is not null && read.IsHeld(lease), shares.GetValueOrDefault(slot.Unit), me.Id);
        }

        observed.Signal();
    }

    /// <summary>What could not be given back at once.</summary>
    private async Task ReleaseRestAsync(ILeases shared, Membership me, CancellationToken cancellationToken)
    {
        foreach (var slot in Slots().Where(slot => slot.IsToRelease))
        {
            await shared.ReleaseAsync(me.Id, slot.Unit, cancellationToken);
            slot.IsToRelease = false;
        }
    }

    private async Task<Membership> WaitForShareAsync(LeaseSlot slot, CancellationToken cancellationToken)
    {
        while (true)
        {
            var seen = observed.Version;
            if (slot.IsToTake && member is { IsOver: false } me)
            {
                return me;
            }

            await observed.WaitAsync(seen, cancellationToken);
        }
    }

    private async Task<(long Epoch, T Claimed)?> TryTakeAsync<T>(
        LeaseUnit unit, Membership me, IStore store, Func<StoreTransaction, long, ValueTask<T>> claim, CancellationToken cancellationToken)
    {
        try
        {
            return await store.WriteAsync<(long, T)?>(
                async transaction => await leases!.TakeAsync(transaction, unit, me.Id) is { } epoch ? (epoch, await claim(transaction, epoch)) : null,
                cancellationToken);
        }
        catch (Exception passing) when (passing is StoreBusyException or OwnershipLostException or CommitOutcomeUnknownException)
        {
            Trouble = (passing.Message, Trouble?.Since ?? clock.GetUtcNow());
            await Task.Delay(RoundsApart, clock, cancellationToken);
            return null;
        }
    }

    private async Task ReleaseAsync(LeaseHold hold, Membership me)
    {
        if (hold.IsLost)
        {
            return;
        }

        using var limit = new CancellationTokenSource(LeaveLimit, clock);
        try
        {
            await leases!.ReleaseAsync(me.Id, hold.Unit, limit.Token);
        }
        catch (Exception unreachable) when (unreachable is StoreBusyException or OperationCanceledException)
        {
            // The next round gives it back.
            Trouble = (unreachable.Message, Trouble?.Since ?? clock.GetUtcNow());
        }
    }

    private LeaseSlot SlotOf(LeaseUnit unit)
    {
        lock (slots)
        {
            if (!slots.TryGetValue(unit, out var slot))
            {
                slots[unit] = slot = new LeaseSlot(unit);
                asked.Signal();
            }

            return slot;
        }
    }

    private LeaseSlot[] Slots()
    {
        lock (slots)
        {
            return [.. slots.Values];
        }
    }

    private LeaseUnit[] Units() => Array.ConvertAll(Slots(), slot => slot.Unit);

    /// <summary>The delay itself, when cancelled, would go on in the thread pool if it is waited for together with others: not in a simulation.</summary>
    private Task DelayAsync(TimeSpan time, CancellationToken cancellationToken)
    {
        return Chance.IsRepeated ? RepeatedAsync() : Task.Delay(time, clock, cancellationToken);

        async Task RepeatedAsync() => await Task.Delay(time, clock, cancellationToken);
    }

    private static TimeSpan Max(TimeSpan one, TimeSpan other) => one > other ? one : other;
}
