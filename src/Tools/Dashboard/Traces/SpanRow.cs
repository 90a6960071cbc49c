using FlowPlatform.Dashboard.Storage;

namespace FlowPlatform.Dashboard.Traces;

/// <summary>Kinds of spans, by OTLP's numbers.</summary>
public enum SpanKind
{
    Unspecified,
    Internal,
    Server,
    Client,
    Producer,
    Consumer,
}

/// <summary>A span's outcome, by OTLP's numbers.</summary>
public enum SpanStatus
{
    Unset,
    Ok,
    Error,
}

/// <summary>A span as it is written. Times are Unix nanoseconds; attributes, events and links are JSON.</summary>
internal sealed record SpanRow
{
    public required TraceId TraceId { get; init; }

    public required SpanId SpanId { get; init; }

    public SpanId? ParentId { get; init; }

    public required Resource Resource { get; init; }

    public required Scope Scope { get; init; }

    public required string Name { get; init; }

    public SpanKind Kind { get; init; }

    public long Start { get; init; }

    public long Duration { get; init; }

    public SpanStatus Status { get; init; }

    public string? StatusMessage { get; init; }

    public bool IsReplay { get; init; }

    /// <summary>Whom a client's span calls, with what kind of party it is (<see cref="Peers"/>).</summary>
    public string? Peer { get; init; }

    /// <summary>The stream or queue of a producer's or consumer's span.</summary>
    public string? Destination { get; init; }

    public required string Attributes { get; init; }

    public string? Events { get; init; }

    public string? Links { get; init; }

    public IReadOnlyList<(TraceId TraceId, SpanId SpanId)> LinkTargets { get; init; } = [];

    /// <summary>Attributes, events and links that its sender or we have left out.</summary>
    public int NotKept { get; init; }
}

/// <summary>The spans of one request.</summary>
internal sealed record TraceExport(IReadOnlyList<SpanRow> Spans, int Bytes) : IExport
{
    public int Items => Spans.Count;
}
