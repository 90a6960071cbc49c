using System.Globalization;

namespace FlowPlatform.Dashboard.Traces;

/// <summary>Draws lines between boxes, and finds room for their labels. Not safe for concurrent use.</summary>
/// <param name="nodes">The boxes.</param>
/// <param name="between">Between two lines that run back below each other.</param>
internal sealed class MapRoutes(IReadOnlyList<MapNode> nodes, double between)
{
    private const double Middle = 0.5;
    private const double ArrowRoom = 5;

    /// <summary>How far below the boxes that it passes a line runs back.</summary>
    private const double BackRoom = 26;

    /// <summary>How much of the way to its control points a curve goes down.</summary>
    private const double Sag = 0.75;

    /// <summary>Where along a line its label may be, the best first.</summary>
    private static readonly double[] Places = [0.5, 0.42, 0.58, 0.35, 0.65, 0.28, 0.72, 0.2, 0.8];

    private readonly List<(double X, double Y)> labels = [];
    private int backs;

    /// <summary>The lowest that was drawn.</summary>
    public double Bottom { get; private set; }

    public MapLine Draw(MapNode from, MapNode to, IReadOnlyList<MapEdge> edges, bool labelled)
    {
        var curve = to.X > from.X ? Forward(from, to) : Back(from, to);
        var (x, y) = labelled ? Label(curve) : curve.At(Middle);
        Bottom = Math.Max(Bottom, Math.Max(y + (MapLayout.LabelHeight / 2), Places.Max(place => curve.At(place).Y)));
        return new MapLine(from.Name, to.Name, edges, curve.ToPath(), x, y, labelled);
    }

    private static Curve Forward(MapNode from, MapNode to)
    {
        var start = (X: from.X + MapLayout.NodeWidth, Y: from.Y + (MapLayout.NodeHeight * Middle));
        var end = (X: to.X - ArrowRoom, Y: to.Y + (MapLayout.NodeHeight * Middle));
        var bend = (end.X - start.X) * Middle;
        return new Curve(start, (start.X + bend, start.Y), (end.X - bend, end.Y), end);
    }

    private Curve Back(MapNode from, MapNode to)
    {
        const double Left = 0.35;
        const double Right = 0.65;
        // Below all boxes of the layers that it passes, so that it crosses none of them.
        var lowest = nodes.Where(node => node.X >= Math.Min(from.X, to.X) && node.X <= Math.Max(from.X, to.X)).Max(static node => node.Y) + MapLayout.NodeHeight + BackRoom + (backs++ * between);
        var start = (X: from.X + (MapLayout.NodeWidth * (from.X > to.X ? Left : Right)), Y: from.Y + MapLayout.NodeHeight);
        var end = (X: to.X + (MapLayout.NodeWidth * Right), Y: to.Y + MapLayout.NodeHeight + ArrowRoom);
        var depth = (lowest - Math.Max(start.Y, end.Y)) / Sag;
        return new Curve(start, (start.X, Math.Max(start.Y, end.Y) + depth), (end.X, Math.Max(start.Y, end.Y) + depth), end);
    }

    private (double X, double Y) Label(Curve curve)
    {
        var place = Places.Select(curve.At).Select(static at => ((double X, double Y)?)at).FirstOrDefault(at => IsFree(at!.Value)) ?? curve.At(Middle);
        labels.Add(place);
        return place;
    }

    private bool IsFree((double X, double Y) at) =>
        labels.TrueForAll(other => Math.Abs(other.X - at.X) >= MapLayout.LabelWidth || Math.Abs(other.Y - at.Y) >= MapLayout.LabelHeight)
        && nodes.All(node => at.X + (MapLayout.LabelWidth / 2) <= node.X || at.X - (MapLayout.LabelWidth / 2) >= node.X + MapLayout.NodeWidth
            || at.Y + (MapLayout.LabelHeight / 2) <= node.Y || at.Y - (MapLayout.LabelHeight / 2) >= node.Y + MapLayout.NodeHeight);

    /// <summary>A cubic Bézier curve.</summary>
    private sealed record Curve((double X, double Y) Start, (double X, double Y) First, (double X, double Y) Second, (double X, double Y) End)
    {
        public (double X, double Y) At(double t) => (Of(t, Start.X, First.X, Second.X, End.X), Of(t, Start.Y, First.Y, Second.Y, End.Y));

        public string ToPath() => string.Create(CultureInfo.InvariantCulture, $"M{Start.X:0.#} {Start.Y:0.#}C{First.X:0.#} {First.Y:0.#} {Second.X:0.#} {Second.Y:0.#} {End.X:0.#} {End.Y:0.#}");

        private static double Of(double t, double a, double b, double c, double d)
        {
            var u = 1 - t;
            return (u * u * u * a) + (3 * u * u * t * b) + (3 * u * t * t * c) + (t * t * t * d);
        }
    }
}
