using System.Diagnostics;
using FlowPlatform.Log;
using FlowPlatform.Stores;

namespace FlowPlatform.Simulation;

/// <summary>Does to a world what its plan says: what befalls processes, connections and the broker; and the end of all faults.</summary>
internal sealed class Deeds(World world)
{
    private static readonly TimeSpan Nagging = TimeSpan.FromSeconds(2);
    private readonly Machine machine = world.Machine;
    private readonly Business business = new(world);
    private readonly Disasters disasters = new(world);
    private readonly Pauses pauses = new(world);
    private readonly Strandings strandings = new(world);

    public void Do(Deed deed)
    {
        machine.Trace.Say($"--- {deed.Kind} {deed.A} {deed.B}");
        switch (deed.Kind)
        {
            case DeedKind.PlaceOrder: business.PlaceOrder(deed); break;
            case DeedKind.FillShelf: business.FillShelf(deed); break;
            case DeedKind.Redrive: business.Ask(deed, ParkingVerb.Redrive); break;
            case DeedKind.Discard: business.Ask(deed, ParkingVerb.Discard); break;
            case DeedKind.Mend: world.Poison.IsMended = true; break;
            case DeedKind.Crash: Crash(deed); break;
            case DeedKind.Restart: Restart(deed); break;
            case DeedKind.Pause: pauses.Pause(Pick(deed), deed, asleep: false); break;
            case DeedKind.Sleep: pauses.Pause(Pick(deed), deed, asleep: true); break;
            case DeedKind.Strand: strandings.Await(deed); break;
            case DeedKind.CutProcess: CutProcess(deed); break;
            case DeedKind.CutPartition: CutPartition(deed); break;
            case DeedKind.TakeBrokerAway: TakeBrokerAway(); break;
            case DeedKind.EndTransactions: EndTransactions(deed); break;
            case DeedKind.LoseTail: disasters.LoseTail(deed); break;
            case DeedKind.ForgetPublishers: Forget(deed); break;
            case DeedKind.DeleteStore: disasters.DeleteStore(deed); break;
            case DeedKind.DeleteGeneration: disasters.DeleteGeneration(); break;
            case DeedKind.RestoreStore: disasters.RestoreStore(deed); break;
            case DeedKind.RecreateStream: disasters.RecreateStream(deed); break;
            case DeedKind.Repartition: disasters.Repartition(); break;
            case DeedKind.Idle: Idle(TimeSpan.FromMinutes(deed.B)); break;
            default: throw new UnreachableException();
        }
    }

    /// <summary>No fault any more: everybody is there, and what was parked is asked for until nothing is.</summary>
    public void Calm()
    {
        Quieten();
        world.Poison.IsMended = true;
        Nag();
    }

    private void Quieten()
    {
        foreach (var database in world.Services.SelectMany(service => service.Databases))
        {
            database.Faulty = false;
        }

        world.Broker.Faulty = world.Poison.Faulty = world.Stock.Queue!.Faulty = world.Stock.Queue.Away = false;
        world.Broker.SetAway(false);
        world.Broker.Delivered = null;

        // What is paused wakes by itself, when its time has come.
        foreach (var (_, name) in world.Dead.ToList())
        {
            world.Rise(name);
        }
    }

    private void Nag()
    {
        if (world.Stock.Databases.Any(database => !database.Current.Parked.IsEmpty) && world.Stock.Live.FirstOrDefault(process => process.HasStarted) is { } process)
        {
            world.Operator.Ask(process, ParkingVerb.Redrive, "reserve");
            world.Operator.Ask(process, ParkingVerb.Redrive, "totals");
        }

        machine.After(Nagging, Nag);
    }

    private Process? Pick(Deed deed) => world.Processes.Count == 0 ? null : world.Processes.Values.ElementAt(deed.A % world.Processes.Count);

    private PartitionId? PickPartition(Deed deed) => world.Broker.Partitions.ToList() is { Count: > 0 } ids ? ids[deed.A % ids.Count] : null;

    private void Crash(Deed deed)
    {
        if (Pick(deed) is { } process)
        {
            world.Faults.Count("crash");
            world.Crash(process, TimeSpan.FromSeconds(deed.B > 15 ? 20 : 1));
        }
    }

    private void Restart(Deed deed)
    {
        if (Pick(deed) is { HasStarted: true, IsStopping: false } process)
        {
            world.Faults.Count("restart");
            world.Restart(process);
        }
    }

    private void CutProcess(Deed deed)
    {
        if (Pick(deed) is { } process)
        {
            world.Faults.Count("cut");
            world.Broker.Disconnect(process.Lane, machine.Dice.OneIn(2));
            world.Stock.Queue!.Disconnect(process.Lane);
        }
    }

    private void CutPartition(Deed deed)
    {
        if (PickPartition(deed) is { } id)
        {
            world.Faults.Count("cut");
            world.Broker.Disconnect(id, machine.Dice.OneIn(2));
        }
    }

    private void TakeBrokerAway()
    {
        world.Faults.Count("away");
        world.Broker.SetAway(true);
        world.Stock.Queue!.Away = true;
        machine.After(TimeSpan.FromSeconds(3), () =>
        {
            world.Broker.SetAway(false);
            world.Stock.Queue.Away = false;
        });
    }

    /// <summary>A server restarts: connections end, and all transactions with them.</summary>
    private void EndTransactions(Deed deed)
    {
        var database = (deed.A % 2 == 0 ? world.Shop : world.Stock).Main;
        if (database.IsShared)
        {
            world.Faults.Count("ended transactions");
            database.EndTransactionsOf(null);
        }
    }

    private void Forget(Deed deed)
    {
        if (PickPartition(deed) is { } id)
        {
            world.Faults.Count("forgotten publisher");
            world.Broker.Forget(id);
        }
    }

    /// <summary>Nothing is done to it for so long.</summary>
    private void Idle(TimeSpan time)
    {
        world.Faults.Count("idle");
        Quieten();
        for (var until = machine.Clock.GetUtcNow() + time; machine.Clock.GetUtcNow() < until && world.Violations.Count == 0 && machine.Step();)
        {
        }
    }
}
