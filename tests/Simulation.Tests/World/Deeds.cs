using System.Diagnostics;
using FlowPlatform.Log;
using FlowPlatform.Stores;

namespace FlowPlatform.Simulation;

/// <summary>Does to a world what its plan says.</summary>
internal sealed class Deeds(World world)
{
    private static readonly DateTimeOffset Opened = new(2026, 1, 1, 9, 0, 0, TimeSpan.Zero);
    private readonly Machine machine = world.Machine;
    private readonly List<string> dead = [];
    private int seconds;

    public void Do(Deed deed)
    {
        machine.Trace.Say($"--- {deed.Kind} {deed.A} {deed.B}");
        if (world.Processes.Count == 0 && deed.Kind is (DeedKind.Crash or DeedKind.Restart or DeedKind.Pause or DeedKind.CutProcess))
        {
            return;
        }

        switch (deed.Kind)
        {
            case DeedKind.PlaceOrder: PlaceOrder(deed); break;
            case DeedKind.FillShelf: FillShelf(deed); break;
            case DeedKind.Crash: Crash(Pick(deed)); break;
            case DeedKind.Restart: Restart(Pick(deed)); break;
            case DeedKind.Pause: Pause(Pick(deed)); break;
            case DeedKind.CutProcess: world.Broker.Disconnect(Pick(deed).Lane, machine.Dice.OneIn(2)); world.Faults.Count("cut"); break;
            case DeedKind.CutPartition: CutPartition(deed); break;
            case DeedKind.TakeBrokerAway: TakeBrokerAway(); break;
            case DeedKind.LoseTail: LoseTail(deed); break;
            case DeedKind.ForgetPublishers: Forget(deed); break;
            case DeedKind.TakeOver: TakeOver(deed); break;
            case DeedKind.DeleteStore: DeleteStore(); break;
            case DeedKind.RestoreStore: RestoreStore(deed); break;
            case DeedKind.Idle: Idle(TimeSpan.FromMinutes(deed.B)); break;
            default: throw new UnreachableException();
        }
    }

    /// <summary>No fault any more: everybody is there.</summary>
    public void Calm()
    {
        world.Broker.Faulty = world.ShopMain.Faulty = world.StockMain.Faulty = world.Totals.Faulty = world.Queue.Faulty = world.Queue.Away = false;
        world.Broker.SetAway(false);
        foreach (var process in world.Processes.Values)
        {
            if (process.Lane.Paused)
            {
                process.Lane.Resume();
            }
        }

        foreach (var name in dead.ToList())
        {
            Rise(name);
        }
    }

    private Process Pick(Deed deed) => world.Processes.Values.ElementAt(deed.A % world.Processes.Count);

    private PartitionId? PickPartition(Deed deed) => world.Broker.Partitions.ToList() is { Count: > 0 } ids ? ids[deed.A % ids.Count] : null;

    private void PlaceOrder(Deed deed)
    {
        if (!world.Processes.TryGetValue(World.Shop, out var shop))
        {
            return;
        }

        var number = ++seconds;
        var life = world.ShopMain.Life;
        shop.Do("place", async () =>
        {
            try
            {
                var id = await shop.Store!.WriteAsync(
                    transaction => ValueTask.FromResult(transaction.Emit(new OrderPlaced($"c{deed.A % world.Plan.Customers}", number, deed.B), Opened.AddSeconds(number))),
                    CancellationToken.None);
                world.Acknowledged.Add((id, life));
                world.Faults.Count("order");
            }
            catch (StoreBusyException)
            {
                machine.Trace.Say($"order {number} refused");
            }
        });
    }

    /// <summary>A decision of the stock from outside, on the row that its reactor writes, too.</summary>
    private void FillShelf(Deed deed)
    {
        if (!world.Processes.TryGetValue(World.Stock, out var stock))
        {
            return;
        }

        stock.Do("fill", async () =>
        {
            try
            {
                await stock.Store!.WriteAsync(
                    async transaction =>
                    {
                        var rows = IRows.Of(transaction.Connection);
                        await rows.AddAsync("shelf", deed.B);
                        await rows.AddAsync("filled", deed.B);
                        return true;
                    },
                    CancellationToken.None);
                world.Filled += deed.B;
                world.Faults.Count("fill");
            }
            catch (StoreBusyException)
            {
                machine.Trace.Say($"shelf not filled");
            }
        });
    }

    private void Crash(Process process)
    {
        machine.Trace.Say($"{process.Name}: killed");
        world.Faults.Count("crash");
        Bury(process);
        var name = process.Name;
        machine.After(TimeSpan.FromSeconds(1), () => Rise(name));
    }

    private void Bury(Process process)
    {
        process.Lane.Kill();
        world.Processes.Remove(process.Name);
        world.Broker.Disconnect(process.Lane, landing: machine.Dice.OneIn(2));
        world.ShopMain.Lose(process.Lane);
        world.StockMain.Lose(process.Lane);
        world.Totals.Lose(process.Lane);
        dead.Add(process.Name);
    }

    private void Rise(string name)
    {
        if (dead.Remove(name))
        {
            machine.Trace.Say($"{name}: started");
            world.Start(name);
        }
    }

    private void Restart(Process process)
    {
        world.Faults.Count("restart");
        process.Stop(() => machine.Network.Post(() =>
        {
            if (process.Lane.Alive)
            {
                process.Lane.Kill();
                world.Broker.Disconnect(process.Lane, landing: true);
                world.ShopMain.Lose(process.Lane);
                world.StockMain.Lose(process.Lane);
                world.Totals.Lose(process.Lane);
                world.Start(process.Name);
            }
        }));
    }

    private void Pause(Process process)
    {
        world.Faults.Count("pause");
        process.Lane.Pause();

        // What it holds open is ended by the database, so that nobody waits for it.
        world.ShopMain.EndTransactionOf(process.Lane);
        world.StockMain.EndTransactionOf(process.Lane);
        world.Totals.EndTransactionOf(process.Lane);
        machine.After(TimeSpan.FromSeconds(2), process.Lane.Resume);
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
        world.Queue.Away = true;
        machine.After(TimeSpan.FromSeconds(3), () =>
        {
            world.Broker.SetAway(false);
            world.Queue.Away = false;
        });
    }

    /// <summary>Never all that the newest producer wrote: then the log is another one, and relays stop.</summary>
    private void LoseTail(Deed deed)
    {
        if (PickPartition(deed) is not { } id || world.Broker.Of(id).Records is not { Count: > 1 } records)
        {
            return;
        }

        var producer = records[^1].Event.Producer;
        var most = records.Count - 1 - records.FindIndex(record => record.Event.Producer == producer);
        if (most == 0)
        {
            return;
        }

        var lost = Math.Min(most, deed.B);
        machine.Trace.Say($"broker: {id} loses its last {lost} of {records.Count} records");
        world.Faults.Count("lost tail");
        world.Faults.LostAfterTrim |= world.ShopMain.Current.Rows.Concat(world.StockMain.Current.Rows).Any(rows => rows.Key == id && rows.Value is [{ Sequence: > 1 }, ..]);
        world.Broker.LoseTail(id, lost);
    }

    private void Forget(Deed deed)
    {
        if (PickPartition(deed) is { } id)
        {
            world.Faults.Count("forgotten publisher");
            world.Broker.Forget(id);
        }
    }

    /// <summary>Another process takes a consumer over: the epoch goes up, and the one that had it knows nothing of that.</summary>
    private void TakeOver(Deed deed)
    {
        var consumer = deed.A % 2 == 0 ? "reserve" : "totals";
        var database = consumer == "reserve" ? world.StockMain : world.Totals;
        var partitions = consumer == "reserve" ? world.Plan.OrderPartitions : world.Plan.OrderPartitions + world.Plan.StockPartitions;
        if (database.Current.Checkpoints.Count(row => row.Key.Consumer == consumer) != partitions)
        {
            return;
        }

        world.Faults.Count("takeover");
        database.EndOpenTransaction();
        database.Commit(database.Current with
        {
            Checkpoints = database.Current.Checkpoints.SetItems(database.Current.Checkpoints
                .Where(row => row.Key.Consumer == consumer)
                .Select(row => KeyValuePair.Create(row.Key, row.Value with { Checkpoint = row.Value.Checkpoint with { Epoch = row.Value.Checkpoint.Epoch + 1 } }))),
        });
        var name = $"second-{world.Faults.Done["takeover"]}";
        world.Owner[consumer] = name;
        world.StartSecond(name);
    }

    private void DeleteStore()
    {
        world.Faults.Count("deleted store");
        if (world.Processes.TryGetValue(World.Shop, out var shop))
        {
            Bury(shop);
        }

        world.ShopMain.Recreate();
        Rise(World.Shop);
    }

    private void RestoreStore(Deed deed)
    {
        var (name, database) = deed.A % 2 == 0 ? (World.Shop, world.ShopMain) : (World.Stock, world.StockMain);
        foreach (var process in world.Processes.Values.ToList())
        {
            if (process.Name == name || (name == World.Stock && process.Name != World.Shop))
            {
                Bury(process);
            }
        }

        world.Faults.Count("restored store");
        world.Faults.Restored = true;
        world.Faults.RestoredStock = name == World.Stock;
        database.GoBack(deed.B);
        foreach (var process in dead.ToList())
        {
            Rise(process);
        }
    }

    /// <summary>Nothing is done to it for so long.</summary>
    private void Idle(TimeSpan time)
    {
        world.Faults.Count("idle");
        var faulty = (world.Broker.Faulty, world.ShopMain.Faulty);
        Calm();
        for (var until = machine.Clock.GetUtcNow() + time; machine.Clock.GetUtcNow() < until && machine.Step();)
        {
        }

        (world.Broker.Faulty, world.ShopMain.Faulty) = faulty;
    }
}
