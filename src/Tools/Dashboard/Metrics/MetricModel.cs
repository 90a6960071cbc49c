using FlowPlatform.Dashboard.Traces;

namespace FlowPlatform.Dashboard.Metrics;

/// <summary>An instrument that points are kept of.</summary>
/// <param name="Id">Its number in its run.</param>
/// <param name="Instrument">What it is.</param>
/// <param name="Description">Its author's words.</param>
/// <param name="Services">Who measures with it.</param>
/// <param name="Series">Number of time series.</param>
internal sealed record InstrumentInfo(long Id, Instrument Instrument, string Description, IReadOnlyList<string> Services, int Series);

/// <summary>What an instrument's series differ in.</summary>
/// <param name="Name">An attribute's name, or <see cref="Service"/> or <see cref="Instance"/>.</param>
/// <param name="Values">Some of its values, in order.</param>
/// <param name="HasMore">There are more values.</param>
internal sealed record MetricDimension(string Name, IReadOnlyList<string> Values, bool HasMore)
{
    /// <summary>The dimension that every series has.</summary>
    public const string Service = "service.name";

    /// <summary>The process.</summary>
    public const string Instance = "service.instance.id";
}

/// <summary>How series come together in one line.</summary>
internal enum Aggregation
{
    /// <summary>Added: what is right for counts, rates and distributions.</summary>
    Sum,

    /// <summary>The mean of values that exist side by side.</summary>
    Average,

    /// <summary>The greatest, as for a lag.</summary>
    Max,

    /// <summary>The least.</summary>
    Min,
}

/// <summary>What is asked of an instrument.</summary>
internal sealed record MetricQuery
{
    /// <summary>See <see cref="InstrumentInfo.Id"/>.</summary>
    public required long Instrument { get; init; }

    public required DateTimeOffset From { get; init; }

    public required DateTimeOffset To { get; init; }

    /// <summary>Steps that the time is divided in, 1 to 500; default 120.</summary>
    public int Steps { get; init; } = 120;

    /// <summary>One line for each combination of these dimensions' values; null (default): for each series.</summary>
    public IReadOnlyList<string>? GroupBy { get; init; }

    /// <summary>Only series with these values.</summary>
    public IReadOnlyDictionary<string, string> Where { get; init; } = new Dictionary<string, string>();

    /// <summary>How series of one line come together. Distributions are always added.</summary>
    public Aggregation Aggregation { get; init; }

    /// <summary>Shares, 0 to 1, of which a distribution's percentiles are told.</summary>
    public IReadOnlyList<double> Percentiles { get; init; } = [0.5, 0.95, 0.99];
}

/// <summary>Lines to draw.</summary>
/// <param name="Lines">At most 50, those with the greatest values first.</param>
/// <param name="Step">Length of a step.</param>
/// <param name="IsPartial">There are more lines, or more series, than are told.</param>
internal sealed record MetricAnswer(IReadOnlyList<MetricLine> Lines, TimeSpan Step, bool IsPartial);

/// <summary>A line.</summary>
/// <param name="Labels">The dimensions' values that its series have in common.</param>
/// <param name="Points">By time; a step without measurements has none.</param>
internal sealed record MetricLine(IReadOnlyList<TelemetryAttribute> Labels, IReadOnlyList<MetricPoint> Points);

/// <summary>A point of a line.</summary>
/// <param name="Time">The end of its step.</param>
/// <param name="Value">A gauge's value, or that of a sum that can fall; a monotonic sum's increase per second; a distribution's mean.</param>
/// <param name="PerSecond">Values per second of a distribution; else null.</param>
/// <param name="Percentiles">Of a distribution, those asked for; else empty.</param>
internal sealed record MetricPoint(DateTimeOffset Time, double Value, double? PerSecond, IReadOnlyList<double> Percentiles);

/// <summary>A value whose trace is known.</summary>
internal sealed record MetricExemplar(DateTimeOffset Time, double Value, TraceId TraceId, SpanId SpanId, IReadOnlyList<TelemetryAttribute> Labels);
