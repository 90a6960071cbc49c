namespace FlowPlatform.Dashboard.Traces;

/// <summary>Puts the nodes of a graph into layers, so that most edges lead to the right and few cross.</summary>
internal static class MapLayers
{
    /// <summary>Names in layers from left to right, each from top to bottom.</summary>
    public static IReadOnlyList<IReadOnlyList<string>> Of(IReadOnlyList<string> names, IReadOnlyList<(string From, string To)> edges, int sweeps)
    {
        var forward = WithoutCircles(names, edges);
        var ranks = Ranks(names, forward);
        List<List<string>> layers = [.. names.GroupBy(name => ranks[name]).OrderBy(static layer => layer.Key).Select(static layer => layer.ToList())];
        var neighbours = edges.SelectMany(static edge => new[] { (edge.From, edge.To), (From: edge.To, To: edge.From) }).ToLookup(static edge => edge.Item1, static edge => edge.Item2);
        for (var sweep = 0; sweep < sweeps; sweep++)
        {
            var down = sweep % 2 == 0;
            for (var i = 1; i < layers.Count; i++)
            {
                var layer = down ? i : layers.Count - 1 - i;
                var beside = Positions(layers[down ? layer - 1 : layer + 1]);
                var own = Positions(layers[layer]);
                layers[layer] = [.. layers[layer].OrderBy(name => neighbours[name].Where(beside.ContainsKey).Select(neighbour => beside[neighbour]).DefaultIfEmpty(own[name]).Average()).ThenBy(name => own[name])];
            }
        }

        return layers;
    }

    /// <summary>Edges without those that close a circle, found from the nodes that nothing leads to.</summary>
    private static List<(string From, string To)> WithoutCircles(IReadOnlyList<string> names, IReadOnlyList<(string From, string To)> edges)
    {
        var targets = edges.ToLookup(static edge => edge.From, static edge => edge.To);
        var incoming = edges.GroupBy(static edge => edge.To).ToDictionary(static of => of.Key, static of => of.Count());
        var forward = new List<(string From, string To)>();
        var (open, done) = (new HashSet<string>(), new HashSet<string>());
        foreach (var root in names.OrderBy(name => incoming.GetValueOrDefault(name)).ThenByDescending(name => targets[name].Count()).ThenBy(static name => name, StringComparer.Ordinal))
        {
            Visit(root);
        }

        return forward;

        // As deep as there are services: at most some hundred.
        void Visit(string name)
        {
            if (!done.Add(name))
            {
                return;
            }

            open.Add(name);
            foreach (var target in targets[name].Where(target => !open.Contains(target)))
            {
                forward.Add((name, target));
                Visit(target);
            }

            open.Remove(name);
        }
    }

    /// <summary>Each one further right than all that lead to it.</summary>
    private static Dictionary<string, int> Ranks(IReadOnlyList<string> names, List<(string From, string To)> forward)
    {
        var ranks = names.ToDictionary(static name => name, static _ => 0);
        for (var round = 0; round < names.Count; round++)
        {
            var moved = false;
            foreach (var (from, to) in forward.Where(edge => ranks[edge.To] <= ranks[edge.From]))
            {
                ranks[to] = ranks[from] + 1;
                moved = true;
            }

            if (!moved)
            {
                break;
            }
        }

        return ranks;
    }

    private static Dictionary<string, double> Positions(List<string> layer) => layer.Select((name, index) => (name, index)).ToDictionary(static at => at.name, at => (at.index + 0.5) / layer.Count);
}
