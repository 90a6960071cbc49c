using System.Globalization;

namespace FlowPlatform.Dashboard.Traces;

/// <summary>Places times of a trace on a drawing, in percent of its width.</summary>
/// <param name="start">Start of the trace.</param>
/// <param name="length">Its duration.</param>
public sealed class Scale(DateTimeOffset start, TimeSpan length)
{
    private const int Whole = 100;
    private readonly TimeSpan whole = length > TimeSpan.Zero ? length : TimeSpan.FromTicks(1);

    /// <summary>Where the axis has its marks, in percent.</summary>
    public static IReadOnlyList<int> Marks { get; } = [0, 25, 50, 75, Whole];

    /// <summary>Where a time is, 0 to 100; what lies outside is at the edge.</summary>
    public double At(DateTimeOffset time) => At(time - start);

    /// <summary>Where a time since the start is, 0 to 100; what lies outside is at the edge.</summary>
    public double At(TimeSpan offset) => Math.Clamp(Whole * (offset / whole), 0, Whole);

    /// <summary>The time since the start at a mark.</summary>
    public TimeSpan TimeAt(int percent) => whole * ((double)percent / Whole);

    /// <summary>As SVG has it.</summary>
    public static string Percent(double value) => string.Create(CultureInfo.InvariantCulture, $"{value:0.##}%");
}
