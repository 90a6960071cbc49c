using FlowPlatform.Consumers;
using FlowPlatform.Log;

namespace FlowPlatform.Simulation;

/// <summary>What the log or a disk loses.</summary>
internal sealed class Disasters(World world)
{
    private readonly Machine machine = world.Machine;

    /// <summary>
    /// A crash of the broker loses confirmed records. Only such as their producer's store still knows, for a store that was set back has no others; and never all of a producer's: then the log is
    /// another one.
    /// </summary>
    public void LoseTail(Deed deed)
    {
        if (world.Broker.Partitions.ToList() is not { Count: > 0 } ids)
        {
            return;
        }

        var id = ids[deed.A % ids.Count];
        var service = world.Services.First(candidate => candidate.Partitions.Any(partition => partition.Stream == id.Stream));
        var records = world.Broker.Of(id).Records;
        var most = MostToLose(service, id, records);
        if (most == 0)
        {
            return;
        }

        var lost = Math.Min(most, deed.B);
        machine.Trace.Say($"broker: {id} loses its last {lost} of {records.Count} records");
        world.Faults.Count("lost tail");
        world.Faults.LostAfterTrim |= service.Main.Current.Rows.GetValueOrDefault(id) is [{ Sequence: > 1 }, ..];
        world.Broker.LoseTail(id, lost);
    }

    public void DeleteStore(Deed deed)
    {
        var service = deed.A % 2 == 0 ? world.Shop : world.Stock;
        if (!HasEverything(service))
        {
            return;
        }

        world.Faults.Count("deleted store");
        SetBack(service, () =>
        {
            foreach (var database in service.Databases)
            {
                database.Recreate();
            }
        });
    }

    /// <summary>A read model alone: it is folded again, from the log's beginning.</summary>
    public void DeleteGeneration()
    {
        if (world.Stock.Main.IsShared)
        {
            return;
        }

        world.Faults.Count("deleted generation");
        BuryAll(world.Stock);
        world.Stock.Generation!.Recreate();
        RiseAll(world.Stock);
    }

    public void RestoreStore(Deed deed)
    {
        var service = deed.A % 2 == 0 ? world.Shop : world.Stock;
        if (!HasEverything(service))
        {
            return;
        }

        world.Faults.Count("restored store");
        SetBack(service, () => service.Main.GoBack(deed.B));
    }

    /// <summary>The stream was deleted, with all that is in it, and begins anew.</summary>
    public void RecreateStream(Deed deed)
    {
        var service = deed.A % 2 == 0 ? world.Shop : world.Stock;
        foreach (var id in service.Partitions.Where(id => world.Broker.Of(id).Records.Count > 0))
        {
            world.Faults.Count("recreated stream");
            world.Faults.Recreated.Add(id);
            world.Broker.Recreate(id);
        }
    }

    /// <summary>The orders get another number of partitions, and the shop a new version that knows it.</summary>
    public void Repartition()
    {
        var first = new PartitionId("orders", 0);
        if (world.Stock.Databases.Sum(database => database.Current.Checkpoints.Keys.Count(key => key.Partition == first)) < 2)
        {
            return;
        }

        world.Faults.Count("repartitioned");
        world.Faults.Repartitioned = "orders";
        var partitions = world.Plan.OrderPartitions + 1;
        world.Shop.Definition = World.ShopDefinition(partitions);
        BuryAll(world.Shop);
        BuryAll(world.Stock);
        world.Faults.Surprised = [.. new[] { "reserve", "totals" }.Where(consumer => world.Stock.DatabaseOf(consumer).Current.Checkpoints.ContainsKey((consumer, first)))];
        world.Broker.Repartition("orders", partitions);
        RiseAll(world.Shop);
        RiseAll(world.Stock);
    }

    private static int MostToLose(Service service, PartitionId id, List<LogRecord> records)
    {
        var current = service.Main.Current;
        var producer = $"{service.Name}/{current.Incarnation}";
        var known = (current.Decided.GetValueOrDefault(id) ?? []).Where(row => row.Producer == producer).ToDictionary(row => row.Sequence, row => row.Id);
        var first = records.FindIndex(record => record.Event.Producer == producer);
        var most = 0;

        // A store that was set back doesn't know what of its rows the log had: whoever has applied such an event is given it once more, under the store's new name.
        var sure = service.WasSetBack ? current.Heads.GetValueOrDefault(id)?.Confirmed ?? 0 : long.MaxValue;
        while (first >= 0 && most < records.Count - first - 1)
        {
            var @event = records[records.Count - most - 1].Event;
            if (@event.Producer != producer || @event.Sequence > sure || (@event.Type != GapEvent.TypeName && known.GetValueOrDefault(@event.Sequence) != @event.Id))
            {
                break;
            }

            most++;
        }

        return most;
    }

    /// <summary>What the log has lost and a store that is set back, too, is gone for good: nobody can be asked for it.</summary>
    private bool HasEverything(Service service) => world.Broker.HasEverything(service.Name);

    private void SetBack(Service service, Action change)
    {
        service.WasSetBack = true;
        BuryAll(service);
        change();
        RiseAll(service);
    }

    private void BuryAll(Service service)
    {
        foreach (var process in service.Live.ToList())
        {
            world.Bury(process, landing: false);
        }
    }

    private void RiseAll(Service service)
    {
        foreach (var (_, name) in world.Dead.Where(dead => dead.Service == service).ToList())
        {
            world.Rise(name);
        }
    }
}
