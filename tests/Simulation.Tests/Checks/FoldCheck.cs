using FlowPlatform.Log;
using FlowPlatform.Stores;

namespace FlowPlatform.Simulation;

/// <summary>
/// Every row must be what a fold of the log gives, up to the consumer's marks: each event once, in the order of its partition, or of its key where keys are parked; without what was given up, and
/// without what the log has lost for good.
/// </summary>
internal sealed class FoldCheck(World world, List<string> faults)
{
    private readonly Dictionary<EventEnvelope, Told> told = [];

    /// <summary>What a consumer has taken effect of, by what it says itself.</summary>
    public IEnumerable<EventEnvelope> EffectiveFor(string consumer)
    {
        var given = world.Stock.Main.Current.Discards.Where(discard => discard.Consumer == consumer).Select(discard => discard.EventId).ToHashSet(StringComparer.Ordinal);
        return world.Consumers().Where(place => place.Consumer == consumer).SelectMany(AppliedAt).Where(@event => !given.Contains(@event.Id));
    }

    public Told Read(EventEnvelope @event) => told.TryGetValue(@event, out var known) ? known : told[@event] = Places.Read(@event);

    public void Run()
    {
        foreach (var consumer in new[] { "reserve", "totals" })
        {
            CheckConsumer(consumer);
        }

        if (world.Stock.Main.Current.Discards.Count > 0 && !world.Faults.Done.ContainsKey($"tried to {ParkingVerb.Discard}"))
        {
            faults.Add("something was given up that nobody asked for");
        }

        CheckShelves();
    }

    private List<EventEnvelope> AppliedAt(Place place)
    {
        List<EventEnvelope> applied = [];
        foreach (var (producer, mark) in place.Marks())
        {
            for (var sequence = 1L; sequence <= mark; sequence++)
            {
                if (IsHole(place, producer, sequence))
                {
                    continue;
                }

                if (world.Broker.Stored.TryGetValue((place.Partition, producer, sequence), out var @event))
                {
                    applied.Add(@event);
                }
                else
                {
                    faults.Add($"sequence {sequence} of {producer} in {place.Partition} counts as applied by {place.Consumer}, but was never in the log");
                }
            }
        }

        return applied;
    }

    private bool IsHole(Place place, string producer, long sequence) => world.Holes.Exists(
        hole => hole.Consumer == place.Consumer && hole.Partition == place.Partition && hole.Producer == producer && hole.From <= sequence && sequence <= hole.To);

    private void CheckConsumer(string consumer)
    {
        var chains = new Dictionary<string, long>(StringComparer.Ordinal);
        var sums = new Dictionary<string, long>(StringComparer.Ordinal);
        foreach (var place in world.Consumers().Where(place => place.Consumer == consumer))
        {
            chains.TryAdd(Chain.Of(world.Plan, consumer, place.Partition, "c0"), 0);
        }

        var given = world.Stock.Main.Current.Discards.Where(discard => discard.Consumer == consumer).Select(discard => discard.EventId).ToHashSet(StringComparer.Ordinal);
        foreach (var place in world.Consumers().Where(place => place.Consumer == consumer))
        {
            foreach (var @event in AppliedAt(place).Where(@event => !given.Contains(@event.Id)))
            {
                var (what, customer, _, _, amount) = Read(@event);
                var chain = Chain.Of(world.Plan, consumer, place.Partition, @event.Key);
                chains[chain] = Rows.Link(chains.GetValueOrDefault(chain), @event.Id);
                var sum = consumer == "totals" ? $"total {what} {customer}" : $"reserved {customer}";
                sums[sum] = sums.GetValueOrDefault(sum) + amount;
            }
        }

        var values = world.Stock.DatabaseOf(consumer).Current.Values;
        faults.AddRange(chains.Where(chain => values.GetValueOrDefault(chain.Key) != chain.Value).Select(chain => $"'{chain.Key}' is not the fold of what was published"));
        faults.AddRange(sums.Where(sum => values.GetValueOrDefault(sum.Key) != sum.Value).Select(sum => $"'{sum.Key}' is {values.GetValueOrDefault(sum.Key)}, the events say {sum.Value}"));
    }

    private void CheckShelves()
    {
        var values = world.Stock.Main.Current.Values;
        var reserved = EffectiveFor("reserve").Select(Read).GroupBy(order => Rows.Shelf(order.Item)).ToDictionary(orders => orders.Key, orders => orders.Sum(order => (long)order.Amount));
        for (var item = 0; item < world.Plan.Items; item++)
        {
            var shelf = Rows.Shelf(item);
            var (filled, taken, acknowledged) = (values.GetValueOrDefault($"filled {shelf}"), reserved.GetValueOrDefault(shelf), world.Filled.GetValueOrDefault(shelf));
            if (values.GetValueOrDefault(shelf) != filled - taken || (!world.Stock.WasSetBack && filled < acknowledged))
            {
                faults.Add($"'{shelf}' has {values.GetValueOrDefault(shelf)}: {filled} filled ({acknowledged} acknowledged), {taken} reserved");
            }
        }
    }
}
