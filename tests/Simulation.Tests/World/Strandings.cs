using FlowPlatform.Log;
using FlowPlatform.Stores;

namespace FlowPlatform.Simulation;

/// <summary>
/// The case in which nothing but the epoch tells a former owner from the present one (rule C4): a replica is suspended with events in its memory, its steady clock with it; who takes over can't reach the log,
/// so it moves no offset; but it has its database, and frees a key there that the other one still takes for parked. Then the suspended one wakes, and commits what it has.
/// </summary>
internal sealed class Strandings(World world)
{
    /// <summary>Longer than a lease.</summary>
    private static readonly TimeSpan Suspended = TimeSpan.FromSeconds(30);

    /// <summary>When others have what it had.</summary>
    private static readonly TimeSpan TakenOver = TimeSpan.FromSeconds(12);
    private readonly Machine machine = world.Machine;

    /// <summary>Begins with the next chunk that a replica gets, where something is parked with one that has an event of a parked key, at the next or one of the following steps.</summary>
    public void Await(Deed deed) => world.Broker.Delivered = (lane, records) =>
    {
        if (world.Stock.Live.FirstOrDefault(process => process.Lane == lane) is { HasStarted: true, IsStopping: false, Lane.Paused: false } process && IsWorthIt(records))
        {
            world.Broker.Delivered = null;
            After(deed.B / 3, () => Begin(process));
        }
    };

    private bool IsWorthIt(IReadOnlyList<LogRecord> records) =>
        world.Plan.Poison.Count == 0 || world.Stock.Main.Current.Parked.Keys.Any(place => records.Any(record => record.Partition == place.Partition && record.Event.Key == place.Key));

    /// <summary>Runs it after so many pieces of the network's work, between which others run.</summary>
    private void After(int pieces, Action action) => machine.Network.Post(() =>
    {
        if (pieces > 0)
        {
            After(pieces - 1, action);
        }
        else
        {
            action();
        }
    });

    private void Begin(Process process)
    {
        if (world.Processes.GetValueOrDefault(process.Name) != process || process.Lane.Paused)
        {
            return;
        }

        world.Faults.Count("stranded");
        machine.Trace.Say($"{process.Name}: suspended, and the others can't reach the broker");
        var others = world.Stock.Live.Where(other => other != process).Select(other => other.Lane).ToList();
        process.Service.Disturb();
        process.Pause();
        world.Broker.SetAwayFrom(others, away: true);
        if (process.Service.Main.IdleLimit is { } limit)
        {
            machine.After(limit, () => process.Service.Main.EndTransactionsOf(process.Lane));
        }

        machine.After(TakenOver, Free);
        machine.After(Suspended, () => process.Resume(asleep: true));
        machine.After(Suspended + TakenOver, () => world.Broker.SetAwayFrom(others, away: false));
    }

    /// <summary>Whoever owns the partitions now is asked to apply what is parked, and can.</summary>
    private void Free()
    {
        if (world.Stock.Live.FirstOrDefault(process => process is { HasStarted: true, IsStopping: false, Lane.Paused: false }) is { } other)
        {
            world.Poison.IsMended = true;
            world.Operator.Ask(other, ParkingVerb.Redrive, "reserve");
            world.Operator.Ask(other, ParkingVerb.Redrive, "totals");
        }
    }
}
