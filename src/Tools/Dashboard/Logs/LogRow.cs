using FlowPlatform.Dashboard.Storage;
using FlowPlatform.Dashboard.Traces;

namespace FlowPlatform.Dashboard.Logs;

/// <summary>A log record as it is written. Times are Unix nanoseconds; attributes are JSON.</summary>
internal sealed record LogRow
{
    public required Resource Resource { get; init; }

    public required Scope Scope { get; init; }

    /// <summary>When it was logged; 0 if the sender doesn't say.</summary>
    public long Time { get; init; }

    /// <summary>OTLP's number, 1 to 24; 0 if there is none.</summary>
    public int Severity { get; init; }

    /// <summary>The sender's name for it.</summary>
    public required string Level { get; init; }

    public TraceId? TraceId { get; init; }

    public SpanId? SpanId { get; init; }

    public string? Event { get; init; }

    public required string Body { get; init; }

    public required string Attributes { get; init; }

    /// <summary>Attributes that its sender or we have left out.</summary>
    public int NotKept { get; init; }
}

/// <summary>The log records of one request.</summary>
internal sealed record LogExport(IReadOnlyList<LogRow> Records, int Bytes) : IExport
{
    public int Items => Records.Count;
}
