namespace FlowPlatform.Dashboard.Resources;

/// <summary>How fast counters grow, from one look to a later one: over the last 2 to 6 s, so that a figure can be read before it changes. Used by one component.</summary>
internal sealed class FlowRates(TimeProvider clock)
{
    private static readonly TimeSpan Least = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(6);

    private readonly Queue<(long At, FlowTopology Topology)> looks = new();

    /// <summary>Events a second, by what was counted; empty until there are two looks.</summary>
    public IReadOnlyDictionary<object, double> Now { get; private set; } = new Dictionary<object, double>();

    /// <summary>Takes a look into account.</summary>
    public void Add(FlowTopology topology)
    {
        var at = clock.GetTimestamp();
        looks.Enqueue((at, topology));
        while (looks.Count > 2 && clock.GetElapsedTime(looks.ElementAt(1).At, at) >= Longest)
        {
            looks.Dequeue();
        }

        var (since, before) = looks.Peek();
        var elapsed = clock.GetElapsedTime(since, at);
        if (elapsed >= Least)
        {
            Now = Rates(before, topology, elapsed.TotalSeconds);
        }
    }

    /// <summary>A producer's edge.</summary>
    public static object Key(Publishing edge) => (edge.Service, edge.Stream);

    /// <summary>A consumer's edge.</summary>
    public static object Key(Consuming edge) => (edge.Service, edge.Consumer, edge.Stream);

    /// <summary>A counter that went back was begun anew: no rate.</summary>
    private static Dictionary<object, double> Rates(FlowTopology before, FlowTopology now, double seconds)
    {
        var earlier = Counters(before).ToDictionary();
        return Counters(now).Where(counter => earlier.TryGetValue(counter.Key, out var count) && counter.Value >= count)
            .ToDictionary(static counter => counter.Key, counter => (counter.Value - earlier[counter.Key]) / seconds);
    }

    private static IEnumerable<KeyValuePair<object, long>> Counters(FlowTopology topology) =>
        topology.Publishing.Select(static edge => KeyValuePair.Create(Key(edge), edge.Events)).Concat(topology.Consuming.Select(static edge => KeyValuePair.Create(Key(edge), edge.Applied)));
}
