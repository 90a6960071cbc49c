using System.Globalization;
using System.Text.Json;
using FlowPlatform.Log;
using FlowPlatform.Stores;

namespace FlowPlatform.Simulation;

/// <summary>
/// Compares what came of it with what was decided, by folding both itself: none of the platform's code is used, neither cursors nor consumers. Everything is expected exactly once and in the order
/// of its partition, in the log's effect, in every read model, in the reactor's rows and in what it emitted.
/// </summary>
internal sealed class Checker(World world)
{
    private readonly List<string> faults = [];

    public static string ChainOf(string consumer, PartitionId partition) => $"chain {consumer} {partition}";

    /// <summary>Everything that is decided is confirmed, applied and handled; or what should do it has stopped, and may.</summary>
    public bool IsQuiet() => Unfinished().FirstOrDefault() is null;

    /// <summary>What is still to be done.</summary>
    public IEnumerable<string> Unfinished()
    {
        if (!world.Processes.ContainsKey(World.Shop) || !world.Processes.ContainsKey(World.Stock))
        {
            yield return "a process is down";
            yield break;
        }

        foreach (var (name, database) in Mains())
        {
            var process = world.Processes[name];
            foreach (var head in process.Stopped.ContainsKey("relay") ? [] : database.Current.Heads.Values)
            {
                if (EndOf(head.Partition).Sequence < head.Assigned)
                {
                    yield return $"{head.Partition} has {EndOf(head.Partition).Sequence} of {head.Assigned}";
                }

                var confirmed = process.Relay!.Relays.FirstOrDefault(relay => relay.Partition == head.Partition)?.Confirmed.Sequence ?? 0;
                if (confirmed < head.Assigned)
                {
                    yield return $"{name} has {head.Assigned - confirmed} rows of {head.Partition} to publish";
                }
            }
        }

        if (world.Queue.Count > 0 || world.StockMain.Current.Commands.Count > 0)
        {
            yield return "commands wait";
        }

        foreach (var (consumer, _, id, state) in Consumers())
        {
            var end = EndOf(id);
            if (end.Sequence > 0 && !HasStopped(consumer) && (state is null || state.Checkpoint.Producer != end.Producer || state.Checkpoint.Mark < end.Sequence))
            {
                yield return $"{consumer} is at {state?.Checkpoint.Mark ?? 0} of {end.Sequence} in {id}";
            }
        }
    }

    /// <summary>Everything that is wrong, at quiet.</summary>
    public IReadOnlyList<string> Check()
    {
        faults.AddRange(world.Broker.Conflicts);
        foreach (var (name, database) in Mains())
        {
            foreach (var (id, decided) in database.Current.Decided)
            {
                CheckLog(name, id, decided);
            }
        }

        foreach (var (id, life) in world.Acknowledged)
        {
            if (life == world.ShopMain.Life && !world.Faults.Restored && !world.ShopMain.Current.Decided.Values.Any(list => list.Exists(@event => @event.Id == id)))
            {
                faults.Add($"order {id} was acknowledged, and is gone");
            }
        }

        foreach (var (consumer, database, id, state) in Consumers())
        {
            CheckChain(consumer, database, id, state);
        }

        CheckSums();
        CheckReactions();
        return faults;
    }

    private IEnumerable<(string Name, Database Database)> Mains() => [(World.Shop, world.ShopMain), (World.Stock, world.StockMain)];

    private IEnumerable<(string Consumer, Database Database, PartitionId Id, CheckpointState? State)> Consumers()
    {
        foreach (var id in world.Broker.Partitions)
        {
            yield return ("totals", world.Totals, id, world.Totals.Current.Checkpoints.GetValueOrDefault(("totals", id)));
            if (id.Stream == "orders")
            {
                yield return ("reserve", world.StockMain, id, world.StockMain.Current.Checkpoints.GetValueOrDefault(("reserve", id)));
            }
        }
    }

    private bool RestoredStock => world.Faults.RestoredStock;

    private bool HasStopped(string consumer) => world.Processes.TryGetValue(world.Owner[consumer], out var owner) && owner.Stopped.ContainsKey(consumer);

    /// <summary>The greatest sequence of the producer that wrote last; a publisher that was forgotten may repeat itself.</summary>
    private (string? Producer, long Sequence) EndOf(PartitionId id)
    {
        var records = world.Broker.Of(id).Records;
        var producer = records.Count == 0 ? null : records[^1].Event.Producer;
        return (producer, records.Where(record => record.Event.Producer == producer).Select(record => record.Event.Sequence).DefaultIfEmpty(0).Max());
    }

    /// <summary>The log's effect, which is the first of each sequence, must be what was decided.</summary>
    private void CheckLog(string name, PartitionId id, IReadOnlyList<EventEnvelope> decided)
    {
        var effect = new List<string>();
        var marks = new Dictionary<string, long>(StringComparer.Ordinal);
        var announced = new List<(long From, long To)>();
        foreach (var @event in world.Broker.Of(id).Records.Select(record => record.Event))
        {
            var mark = marks.GetValueOrDefault(@event.Producer!);
            if (@event.Sequence <= mark)
            {
                continue;
            }

            marks[@event.Producer!] = @event.Sequence;
            if (@event.Type == "flow.gap")
            {
                announced.Add((mark + 1, @event.Sequence));
                continue;
            }

            effect.Add(@event.Id);
            if (@event.Sequence != mark + 1)
            {
                faults.Add($"{id} goes on with {@event.Sequence} after {mark} of {@event.Producer}");
            }
        }

        if (decided.DistinctBy(@event => @event.Id).Count() != decided.Count)
        {
            faults.Add($"an event is decided twice in {id}");
        }

        if (announced.Count > 0 && !world.Faults.LostAfterTrim)
        {
            faults.Add($"{id} announces a gap, though no row's retention had passed");
        }

        if (world.Processes[name].Stopped.ContainsKey("relay"))
        {
            return;
        }

        var expected = decided.Where(@event => !announced.Exists(gap => @event.Sequence >= gap.From && @event.Sequence <= gap.To)).Select(@event => @event.Id).ToList();
        var ofThis = world.ShopMain.Life > 1 && name == World.Shop ? effect.Where(expected.ToHashSet().Contains).ToList() : effect;
        // A restored store decides the same again, under the same ids, in whichever order it reads the partitions now: what the log has is in the order that it had then.
        var same = world.Faults.Restored ? ofThis.ToHashSet().SetEquals(expected) : ofThis.SequenceEqual(expected);
        if (!same)
        {
            faults.Add($"{id} has {ofThis.Count} events in effect, {expected.Count} were decided, and the first that differs is number {ofThis.Zip(expected).TakeWhile(pair => pair.First == pair.Second).Count() + 1}");
        }
    }

    /// <summary>What a consumer says it has applied: 1 to its mark of every producer.</summary>
    private List<EventEnvelope> AppliedBy(PartitionId id, CheckpointState? state)
    {
        if (state?.Checkpoint.Producer is not { } producer)
        {
            return [];
        }

        var marks = state.RetiredMarks.Where(mark => mark.Key != producer).OrderBy(mark => int.Parse(mark.Key.Split('/')[1], CultureInfo.InvariantCulture)).Append(new(producer, state.Checkpoint.Mark));
        List<EventEnvelope> applied = [];
        foreach (var (name, mark) in marks)
        {
            for (var sequence = 1L; sequence <= mark; sequence++)
            {
                if (world.Broker.Stored.TryGetValue((id, name, sequence), out var @event))
                {
                    applied.Add(@event);
                }
                else
                {
                    faults.Add($"sequence {sequence} of {id} counts as applied, but was never in the log");
                }
            }
        }

        return applied;
    }

    private void CheckChain(string consumer, Database database, PartitionId id, CheckpointState? state)
    {
        var chain = AppliedBy(id, state).Aggregate(0L, (link, @event) => RowsExtensions.Link(link, @event.Id));
        if (database.Current.Values.GetValueOrDefault(ChainOf(consumer, id)) != chain)
        {
            faults.Add($"the rows of {consumer} are not the fold of {id} up to {state?.Checkpoint.Mark ?? 0}");
        }
    }

    private void CheckSums()
    {
        var expected = new Dictionary<string, long>(StringComparer.Ordinal);
        long reserved = 0;
        foreach (var (consumer, _, id, state) in Consumers())
        {
            foreach (var @event in AppliedBy(id, state))
            {
                using var body = JsonDocument.Parse(@event.Data);
                var (customer, amount) = (body.RootElement.GetProperty("customer").GetString(), body.RootElement.GetProperty("amount").GetInt64());
                var name = $"{consumer} {@event.Type.Split('.')[1]} {customer}";
                expected[name] = expected.GetValueOrDefault(name) + amount;
                reserved += consumer == "reserve" ? amount : 0;
            }
        }

        foreach (var (name, sum) in expected)
        {
            var parts = name.Split(' ');
            var (rows, key) = parts[0] == "totals" ? (world.Totals, $"{parts[1]} {parts[2]}") : (world.StockMain, $"reserved {parts[2]}");
            if (rows.Current.Values.GetValueOrDefault(key) != sum)
            {
                faults.Add($"'{key}' of {parts[0]} is {rows.Current.Values.GetValueOrDefault(key)}, the events say {sum}");
            }
        }

        var stock = world.StockMain.Current.Values;
        if (stock.GetValueOrDefault("shelf") != stock.GetValueOrDefault("filled") - reserved || (!world.Faults.Restored && stock.GetValueOrDefault("filled") < world.Filled))
        {
            faults.Add($"the shelf has {stock.GetValueOrDefault("shelf")}: {stock.GetValueOrDefault("filled")} filled ({world.Filled} acknowledged), {reserved} reserved");
        }
    }

    /// <summary>Each cause has one reservation; each third order has one charge, in the book of the gateway and in the events.</summary>
    private void CheckReactions()
    {
        var emitted = world.StockMain.Current.Decided.Values.SelectMany(list => list).ToLookup(@event => (@event.CausationId, @event.Type));
        var causes = 0;
        foreach (var (consumer, _, id, state) in Consumers())
        {
            foreach (var cause in consumer == "reserve" ? AppliedBy(id, state) : [])
            {
                using var body = JsonDocument.Parse(cause.Data);
                var number = body.RootElement.GetProperty("number").GetInt32();
                var charges = number % 3 == 0 ? 1 : 0;
                causes += 1 + charges;
                if (RestoredStock)
                {
                    // The queue had taken a command that the restored store has not handled; no queue gives it back.
                    continue;
                }

                if (emitted[(cause.Id, "stock.reserved.v1")].Count() != 1 || emitted[(cause.Id, "stock.charged.v1")].Count() != charges)
                {
                    faults.Add($"order {number} has {emitted[(cause.Id, "stock.reserved.v1")].Count()} reservations and {emitted[(cause.Id, "stock.charged.v1")].Count()} charges");
                }

                if (world.Gateway.Book.Values.Count(charged => charged == number) != charges)
                {
                    faults.Add($"order {number} is charged {world.Gateway.Book.Values.Count(charged => charged == number)} times by the gateway");
                }
            }
        }

        if (!RestoredStock && emitted.Sum(group => group.Count()) != causes)
        {
            faults.Add($"{emitted.Sum(group => group.Count())} reactions of {causes} causes");
        }
    }
}
