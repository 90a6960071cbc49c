using FlowPlatform.Dashboard.Storage;
using FlowPlatform.Dashboard.Traces;

namespace FlowPlatform.Dashboard.Metrics;

/// <summary>A value of a metric, of which a trace is known.</summary>
internal sealed record ExemplarRow(long Time, double Value, TraceId TraceId, SpanId SpanId);

/// <summary>A data point as it is written. Times are Unix nanoseconds; attributes are JSON, their names in ordinal order.</summary>
internal sealed record PointRow
{
    public required Resource Resource { get; init; }

    public required Instrument Instrument { get; init; }

    public required string Description { get; init; }

    public required string Attributes { get; init; }

    /// <summary>When it was measured; 0 if the sender doesn't say.</summary>
    public long Time { get; init; }

    /// <summary>Since when it counts.</summary>
    public long Start { get; init; }

    /// <summary>The value of a gauge or a sum, else the sum of all values.</summary>
    public double Value { get; init; }

    /// <summary>Number of values of a distribution.</summary>
    public long? Count { get; init; }

    public Distribution? Distribution { get; init; }

    public IReadOnlyList<ExemplarRow> Exemplars { get; init; } = [];
}

/// <summary>The points of one request.</summary>
internal sealed record MetricExport(IReadOnlyList<PointRow> Points, int Bytes) : IExport
{
    public int Items => Points.Count;
}
