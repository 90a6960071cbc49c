using FlowPlatform.Stores;

namespace FlowPlatform.Simulation;

/// <summary>Processes that stand still and go on as if nothing had happened, inside a transaction or outside.</summary>
internal sealed class Pauses(World world)
{
    private static readonly TimeSpan Short = TimeSpan.FromSeconds(2);

    /// <summary>Longer than a lease, so that others have what it had when it wakes.</summary>
    private static readonly TimeSpan Long = TimeSpan.FromSeconds(30);

    /// <summary>A queue takes back what a connection has that doesn't answer.</summary>
    private static readonly TimeSpan Heartbeat = TimeSpan.FromSeconds(12);

    public void Pause(Process? process, Deed deed, bool asleep)
    {
        if (process is null || process.Lane.Paused)
        {
            return;
        }

        var time = process.Service.Main.IsShared && deed.B > 8 ? Long : Short;
        var inside = process.Service.Databases.Any(database => database.IsIn(process.Lane));
        world.Faults.Count("pause");
        world.Machine.Trace.Say($"{process.Name}: paused for {time.TotalSeconds} s");
        process.Service.Disturb();
        process.Pause();
        if (process.Service.Main.IdleLimit is { } limit)
        {
            world.Machine.After(limit, () => EndTransactions(process));
        }

        var handOver = time == Long ? new HandOver(world, process) : null;
        if (time == Long)
        {
            world.Machine.After(Heartbeat, () => Requeue(process));
        }

        world.Machine.After(time, () => Wake(process, asleep, inside && time == Long, handOver));
    }

    private void Wake(Process process, bool asleep, bool inside, HandOver? handOver)
    {
        if (world.Processes.GetValueOrDefault(process.Name) == process && process.Lane.Paused)
        {
            handOver?.Check();
            if (process.Service.Main.IsShared)
            {
                world.Faults.Count(inside ? "woke inside a transaction" : "woke outside a transaction");
            }

            world.Machine.Trace.Say($"{process.Name}: wakes");
            process.Resume(asleep);
        }
    }

    private static void EndTransactions(Process process)
    {
        if (process.Lane.Paused)
        {
            foreach (var database in process.Service.Databases)
            {
                database.EndTransactionsOf(process.Lane);
            }
        }
    }

    private static void Requeue(Process process)
    {
        if (process.Lane.Paused)
        {
            process.Service.Queue?.Disconnect(process.Lane);
        }
    }
}

/// <summary>What a paused process owned must be another's before it wakes, if another is there and nothing else happens (rule C4).</summary>
internal sealed class HandOver
{
    /// <summary>Twice the lease: its term, and for the others to see it and to take.</summary>
    private static readonly TimeSpan Enough = 2 * SimulatedLeases.Times.Term;
    private readonly World world;
    private readonly Process process;
    private readonly string? owner;
    private readonly List<LeaseUnit> units;

    public HandOver(World world, Process process)
    {
        (this.world, this.process) = (world, process);
        owner = process.HasStarted ? process.Runtime.Ownership.Owner : null;
        units = [.. OwnedBy(owner)];
    }

    public void Check()
    {
        var others = process.Service.Live.Where(other => other != process).ToList();
        if (TimeSpan.FromTicks(world.Machine.Clock.Ticks - process.Service.DisturbedAt) < Enough || units.Count == 0 || others.Count == 0
            || !others.TrueForAll(other => other is { HasStarted: true, IsStopping: false, Lane.Paused: false, Stopped.Count: 0 }))
        {
            return;
        }

        world.Faults.Count("hand-over");
        foreach (var unit in OwnedBy(owner).Intersect(units))
        {
            world.Violations.Add($"{unit} is still {process.Name}'s, which has been paused for longer than twice the lease, with {others.Count} others there");
        }
    }

    private IEnumerable<LeaseUnit> OwnedBy(string? member) =>
        process.Service.Main.Current.Leases.Where(lease => member is not null && lease.Owner == member && lease.Fault is null).Select(lease => lease.Unit);
}
