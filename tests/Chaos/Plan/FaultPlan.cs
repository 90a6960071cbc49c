namespace FlowPlatform.Chaos.Plan;

/// <summary>Which faults are made when: the same for the same seed, length, number and topology.</summary>
internal static class FaultPlan
{
    /// <summary>A node that was lost is back, and has caught up, before the next one is taken: a cluster of three promises to survive the loss of any one.</summary>
    private static readonly TimeSpan NodeGap = TimeSpan.FromSeconds(25);

    /// <param name="seed">Of the random choices.</param>
    /// <param name="length">Of the time in which faults begin.</param>
    /// <param name="count">Number of faults.</param>
    /// <param name="topology">What there is.</param>
    /// <param name="kinds">Kinds to choose from; those that the topology doesn't have are left out.</param>
    public static IReadOnlyList<Fault> Make(int seed, TimeSpan length, int count, Topology topology, IReadOnlyCollection<FaultKind> kinds)
    {
#pragma warning disable CA5394 // A plan, not a secret.
        var random = new Random(seed);
        var deck = Deck(topology, kinds);
        if (count == 0 || deck.Count == 0)
        {
            return [];
        }

        var cards = Enumerable.Range(0, (count + deck.Count - 1) / deck.Count).SelectMany(_ => random.GetItemsOnce(deck)).Take(count).ToList();
        var slot = length / count;
        var plan = new List<Fault>();
        var nodeFree = TimeSpan.Zero;
        for (var i = 0; i < count; i++)
        {
            var at = (slot * i) + (slot * 0.9 * random.NextDouble());
            var kind = cards[i];
            if (kind is FaultKind.KillNode or FaultKind.PauseNode)
            {
                if (at < nodeFree && deck.FindIndex(IsOther) is >= 0 and var other)
                {
                    // Its turn comes later, if there is time left for it.
                    var later = cards.FindIndex(i + 1, IsOther);
                    (kind, cards[Math.Max(later, i)]) = later < 0 ? (deck[other], deck[other]) : (cards[later], kind);
                }
                else
                {
                    nodeFree = at + NodeGap;
                }
            }

            plan.Add(Draw(random, i + 1, at, kind, topology));
        }
#pragma warning restore CA5394
        return plan;
    }

    private static bool IsOther(FaultKind kind) => kind is not (FaultKind.KillNode or FaultKind.PauseNode);

    /// <summary>How often each kind comes in a round. At least once each, and processes most of all.</summary>
    private static List<FaultKind> Deck(Topology topology, IReadOnlyCollection<FaultKind> kinds)
    {
        (FaultKind Kind, int Times)[] weights =
        [
            (FaultKind.KillService, 8),
            (FaultKind.PauseService, 5),
            (FaultKind.KillNode, topology.BrokerNodes > 1 ? 3 : 2),
            (FaultKind.PauseNode, 2),
            (FaultKind.RestartPostgres, topology.OnPostgres ? 1 : 0),
            (FaultKind.KillPostgres, topology.OnPostgres ? 1 : 0),
            (FaultKind.LockStore, topology.OnPostgres ? 0 : 2),
            (FaultKind.CutLinks, 4),
            (FaultKind.DelayLinks, 2),
            (FaultKind.SilenceLinks, 2),
            (FaultKind.FillDisk, topology.SmallDisk is null ? 0 : 2),
        ];
        return [.. weights.Where(weight => kinds.Contains(weight.Kind)).SelectMany(weight => Enumerable.Repeat(weight.Kind, weight.Times))];
    }

#pragma warning disable CA5394
    private static Fault Draw(Random random, int number, TimeSpan at, FaultKind kind, Topology topology)
    {
        var (target, length, delay) = kind switch
        {
            FaultKind.KillService => (random.OneOf(topology.Services), TimeSpan.Zero, TimeSpan.Zero),
            // Leases are 10 s: some replicas are declared dead and wake up again.
            FaultKind.PauseService => (random.OneOf(topology.Services), random.Between(1, 14), TimeSpan.Zero),
            FaultKind.KillNode => ($"node {random.Next(topology.BrokerNodes) + 1}", TimeSpan.Zero, TimeSpan.Zero),
            // A silent node counts as lost after about 15 s.
            FaultKind.PauseNode => ($"node {random.Next(topology.BrokerNodes) + 1}", random.Between(2, 20), TimeSpan.Zero),
            FaultKind.LockStore => (random.OneOf(Topology.Stores), random.Between(1, 8), TimeSpan.Zero),
            FaultKind.CutLinks => (random.OneOf(topology.LinkTargets), random.Next(2) == 0 ? TimeSpan.Zero : random.Between(1, 6), TimeSpan.Zero),
            FaultKind.DelayLinks => (random.OneOf(topology.LinkTargets), random.Between(4, 10), TimeSpan.FromMilliseconds(random.Next(20, 300))),
            FaultKind.SilenceLinks => (random.OneOf(topology.LinkTargets), random.Between(2, 15), TimeSpan.Zero),
            FaultKind.FillDisk => (topology.SmallDisk!, random.Between(2, 8), TimeSpan.Zero),
            _ => ("postgres", TimeSpan.Zero, TimeSpan.Zero),
        };
        return new Fault(number, at, kind, target, length, delay);
    }

    private static TimeSpan Between(this Random random, double least, double most) => TimeSpan.FromSeconds(least + ((most - least) * random.NextDouble()));

    private static T OneOf<T>(this Random random, IReadOnlyList<T> choices) => choices[random.Next(choices.Count)];

    /// <summary>All of them, in random order.</summary>
    private static T[] GetItemsOnce<T>(this Random random, IEnumerable<T> items)
    {
        T[] shuffled = [.. items];
        random.Shuffle(shuffled);
        return shuffled;
    }
#pragma warning restore CA5394
}
