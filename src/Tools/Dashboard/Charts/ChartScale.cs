using System.Globalization;

namespace FlowPlatform.Dashboard.Charts;

/// <summary>Places values on a drawing of 1000 by 200.</summary>
internal sealed class ChartScale
{
    public const int Width = 1_000;
    public const int Height = 200;
    private const int Ticks = 4;
    private static readonly double[] Steps = [1, 2, 2.5, 5, 10];
    private readonly DateTimeOffset from;
    private readonly TimeSpan length;
    private readonly double bottom;
    private readonly double top;

    public ChartScale(DateTimeOffset from, DateTimeOffset to, IEnumerable<double> values)
    {
        (this.from, length) = (from, to > from ? to - from : TimeSpan.FromTicks(1));
        var finite = values.Where(double.IsFinite).DefaultIfEmpty(0).ToList();
        var step = Step(Math.Max(0, finite.Max()) - Math.Min(0, finite.Min()));
        bottom = Math.Floor(Math.Min(0, finite.Min()) / step) * step;
        top = Math.Max(bottom + step, Math.Ceiling(Math.Max(0, finite.Max()) / step) * step);
        Marks = [.. Enumerable.Range(0, (int)Math.Round((top - bottom) / step) + 1).Select(i => bottom + (i * step))];
    }

    /// <summary>Round values for the axis, from the bottom.</summary>
    public IReadOnlyList<double> Marks { get; }

    /// <summary>0 to 1, from the left.</summary>
    public double X(DateTimeOffset time) => Math.Clamp((time - from) / length, 0, 1);

    /// <summary>0 to 1, from the top.</summary>
    public double Y(double value) => Math.Clamp((top - value) / (top - bottom), 0, 1);

    /// <summary>A line as an SVG path; it is broken where there are no values for longer than a time.</summary>
    public string Path(IReadOnlyList<ChartPoint> points, TimeSpan gap)
    {
        var path = new System.Text.StringBuilder();
        ChartPoint? before = null;
        foreach (var point in points)
        {
            if (!double.IsFinite(point.Value))
            {
                before = null;
                continue;
            }

            var continues = before is { } last && point.Time - last.Time <= gap;
            path.Append(CultureInfo.InvariantCulture, $"{(continues ? 'L' : 'M')}{X(point.Time) * Width:0.#} {Y(point.Value) * Height:0.#}");
            // A value alone would be a line without length.
            path.Append(continues ? "" : "h.1");
            before = point;
        }

        return path.ToString();
    }

    private static double Step(double range)
    {
        if (range <= 0)
        {
            return 1;
        }

        var raw = range / Ticks;
        var power = Math.Pow(10, Math.Floor(Math.Log10(raw)));
        return Steps.First(step => step * power >= raw * 0.999) * power;
    }
}
