namespace FlowPlatform.Dashboard.Traces;

/// <summary>A party on the map, with the upper left corner of its box.</summary>
internal sealed record MapNode(string Name, EdgeKind? Kind, double X, double Y);

/// <summary>A line between two parties: all that goes from one to the other.</summary>
/// <param name="From">Who calls or sends.</param>
/// <param name="To">Who is called or receives.</param>
/// <param name="Edges">What goes there, live before replays.</param>
/// <param name="Path">As an SVG path.</param>
/// <param name="X">Middle of its label.</param>
/// <param name="Y">Middle of its label.</param>
/// <param name="IsLabelled">Whether its figures are written on it.</param>
internal sealed record MapLine(string From, string To, IReadOnlyList<MapEdge> Edges, string Path, double X, double Y, bool IsLabelled)
{
    public bool IsReplay => Edges.All(static edge => edge.IsReplay);

    public double PerSecond => Edges.Sum(static edge => edge.PerSecond);

    public double ErrorShare => Edges.Sum(static edge => edge.Count * edge.ErrorShare) / Edges.Sum(static edge => edge.Count);

    /// <summary>Of several edges that of the most frequent one: percentiles don't add up.</summary>
    public TimeSpan P95 => Edges.MaxBy(static edge => edge.Count)!.P95;
}

/// <summary>
/// Lays the map out in layers: who is called or receives stands to the right of who calls or sends; what closes a circle runs back below.
/// The same map always looks the same. Where there are many lines, only those have figures that fail or that somebody looks at: the others would lie on one another.
/// </summary>
internal sealed record MapLayout(IReadOnlyList<MapNode> Nodes, IReadOnlyList<MapLine> Lines, double Width, double Height)
{
    public const double NodeWidth = 150;
    public const double NodeHeight = 46;
    public const double LabelWidth = 92;
    public const double LabelHeight = 32;
    private const double WidestStep = 272;

    /// <summary>Still with some line to be seen between two boxes.</summary>
    private const double NarrowestStep = 200;

    /// <summary>What a page has at 1280 pixels: layers move together before the drawing is made smaller.</summary>
    private const double PageWidth = 1_016;

    private const int ManyLines = 10;
    private const double RowStep = 96;
    private const double Margin = 24;
    private const int Sweeps = 6;

    /// <summary>Lays out what goes between the parties.</summary>
    /// <param name="services">Who tells.</param>
    /// <param name="edges">What goes between them.</param>
    /// <param name="focus">Whose lines have figures in any case; null: nobody's.</param>
    public static MapLayout Of(IReadOnlyList<MapService> services, IReadOnlyList<MapEdge> edges, string? focus = null)
    {
        var kinds = edges.Where(static edge => edge.Kind is EdgeKind.Database or EdgeKind.External).GroupBy(static edge => edge.To).ToDictionary(static of => of.Key, static of => (EdgeKind?)of.First().Kind);
        var names = services.Select(static service => service.Name).Concat(edges.SelectMany(static edge => new[] { edge.From, edge.To })).Distinct().Order(StringComparer.Ordinal).ToList();
        var pairs = edges.Where(static edge => edge.From != edge.To).GroupBy(static edge => (edge.From, edge.To)).OrderBy(static of => of.Key.From, StringComparer.Ordinal).ThenBy(static of => of.Key.To, StringComparer.Ordinal)
            .ToDictionary(static of => of.Key, static of => (IReadOnlyList<MapEdge>)[.. of.OrderBy(static edge => edge.IsReplay).ThenByDescending(static edge => edge.Count)]);
        var layers = MapLayers.Of(names, [.. pairs.Keys], Sweeps);
        var step = Math.Clamp((PageWidth - (2 * Margin) - NodeWidth) / Math.Max(1, layers.Count - 1), NarrowestStep, WidestStep);
        var tallest = layers.Count == 0 ? 0 : layers.Max(static layer => layer.Count);
        var nodes = new Dictionary<string, MapNode>();
        for (var layer = 0; layer < layers.Count; layer++)
        {
            var top = Margin + ((tallest - layers[layer].Count) * RowStep / 2);
            for (var row = 0; row < layers[layer].Count; row++)
            {
                var name = layers[layer][row];
                nodes[name] = new MapNode(name, kinds.GetValueOrDefault(name), Margin + (layer * step), top + (row * RowStep));
            }
        }

        var many = pairs.Count > ManyLines;
        var routes = new MapRoutes([.. nodes.Values], many ? LabelHeight / 2 : LabelHeight);
        List<MapLine> lines = [.. pairs.Select(pair => routes.Draw(
            nodes[pair.Key.From], nodes[pair.Key.To], pair.Value, !many || pair.Key.From == focus || pair.Key.To == focus || pair.Value.Any(static edge => edge.ErrorShare > 0)))];
        return new MapLayout(
            [.. nodes.Values], lines, Math.Max(0, ((layers.Count - 1) * step) + NodeWidth) + (2 * Margin), Math.Max((tallest * RowStep) + Margin, routes.Bottom + Margin));
    }
}
