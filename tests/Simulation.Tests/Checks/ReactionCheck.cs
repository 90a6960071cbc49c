using FlowPlatform.Log;

namespace FlowPlatform.Simulation;

/// <summary>Each order that took effect has one reservation, and each third has one charge: in the log, in the rows, and in the book of the gateway outside.</summary>
internal sealed class ReactionCheck(World world, LogCheck log, FoldCheck folds, List<string> faults)
{
    public void Run()
    {
        var emitted = log.Effects.Where(effect => effect.Key.Stream == "stock").SelectMany(effect => effect.Value).Concat(AnnouncedAsLost()).ToLookup(@event => (@event.CausationId, @event.Type));
        var book = world.Gateway.Book.Values.ToLookup(number => number);
        var (causes, taken) = (0, new Dictionary<string, long>(StringComparer.Ordinal));
        foreach (var cause in folds.EffectiveFor("reserve"))
        {
            var order = folds.Read(cause);
            var charges = order.Number % 3 == 0 ? 1 : 0;
            causes += 1 + charges;
            taken[order.Customer] = taken.GetValueOrDefault(order.Customer) + (charges * order.Amount);
            Check(order, charges, emitted[(cause.Id, "stock.reserved.v1")].Count(), emitted[(cause.Id, "stock.charged.v1")].Count(), book[order.Number].Count());
        }

        if (world.Stock.WasSetBack)
        {
            // What the queue had taken, and the store that was set back has not handled, no queue gives back.
            return;
        }

        if (emitted.Sum(group => group.Count()) != causes)
        {
            faults.Add($"{emitted.Sum(group => group.Count())} reactions of {causes} causes");
        }

        var values = world.Stock.Main.Current.Values;
        faults.AddRange(taken.Where(sum => values.GetValueOrDefault($"taken {sum.Key}") != sum.Value).Select(sum => $"{values.GetValueOrDefault($"taken {sum.Key}")} was taken from {sum.Key}, the orders say {sum.Value}"));
    }

    /// <summary>What was published and is gone, as its producer has said: nobody decides it again.</summary>
    private IEnumerable<EventEnvelope> AnnouncedAsLost()
    {
        var there = log.Effects.Values.SelectMany(effect => effect).Select(@event => @event.Id).ToHashSet(StringComparer.Ordinal);
        return world.Broker.Stored
            .Where(stored => stored.Key.Partition.Stream == "stock" && !there.Contains(stored.Value.Id) && world.Broker.HasAnnounced(stored.Key.Partition, stored.Key.Producer, stored.Key.Sequence))
            .Select(stored => stored.Value);
    }

    private void Check(Told order, int charges, int reserved, int charged, int booked)
    {
        if (reserved != 1 || charged > charges || (charged < charges && !world.Stock.WasSetBack))
        {
            faults.Add($"order {order.Number} has {reserved} reservations and {charged} charges");
        }

        if (booked != charges)
        {
            faults.Add($"order {order.Number} is charged {booked} times by the gateway");
        }
    }
}
