namespace FlowPlatform.Dashboard.Metrics;

/// <summary>What kind of values an instrument has.</summary>
internal enum InstrumentKind
{
    /// <summary>A value that goes up and down.</summary>
    Gauge = 1,

    /// <summary>A count, or an amount that adds up.</summary>
    Sum = 2,

    /// <summary>A distribution in buckets with given bounds.</summary>
    Histogram = 3,

    /// <summary>A distribution in buckets that widen by a constant factor.</summary>
    ExponentialHistogram = 4,

    /// <summary>Quantiles that the sender has computed.</summary>
    Summary = 5,
}

/// <summary>What a point's value counts from.</summary>
internal enum Temporality
{
    /// <summary>The kind has no such thing.</summary>
    None = 0,

    /// <summary>From the point before.</summary>
    Delta = 1,

    /// <summary>From the start of the process, or of the series.</summary>
    Cumulative = 2,
}

/// <summary>What is measured.</summary>
/// <param name="Meter">The library that measures; its scope's name.</param>
/// <param name="Name">Such as <c>http.server.request.duration</c>.</param>
/// <param name="Unit">In UCUM's notation, such as <c>s</c> or <c>{request}</c>.</param>
/// <param name="Kind">The kind of its values.</param>
/// <param name="Temporality">What they count from.</param>
/// <param name="IsMonotonic">Whether a sum never falls.</param>
internal sealed record Instrument(string Meter, string Name, string Unit, InstrumentKind Kind, Temporality Temporality, bool IsMonotonic);
