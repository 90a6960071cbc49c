namespace FlowPlatform.Dashboard.Charts;

/// <summary>A line of a chart.</summary>
/// <param name="Title">What it shows.</param>
/// <param name="Points">By time; a value that is not finite is a gap.</param>
public sealed record ChartLine(string Title, IReadOnlyList<ChartPoint> Points);

/// <summary>A value at a time.</summary>
public readonly record struct ChartPoint(DateTimeOffset Time, double Value);

/// <summary>A single value that leads somewhere.</summary>
/// <param name="Time">When.</param>
/// <param name="Value">On the chart's own scale.</param>
/// <param name="Href">Where it leads.</param>
/// <param name="Title">What it is.</param>
public sealed record ChartMark(DateTimeOffset Time, double Value, string Href, string Title)
{
    /// <summary>Of so many parts of a time the greatest mark of each, so that none hides another, and what lies before is not drawn at its edge.</summary>
    public static IReadOnlyList<ChartMark> Spread(IEnumerable<ChartMark> marks, DateTimeOffset from, DateTimeOffset to, int parts) =>
        [.. marks.Where(mark => mark.Time >= from && mark.Time <= to).GroupBy(mark => Math.Min(parts - 1, (int)((mark.Time - from) / (to - from) * parts))).Select(static part => part.MaxBy(static mark => mark.Value)!)];
}
