using FlowPlatform.Dashboard.Logs;

namespace FlowPlatform.Dashboard.Traces;

/// <summary>A trace with all that belongs to it.</summary>
/// <param name="Summary">As in the list.</param>
/// <param name="Spans">In the order of a waterfall: each below its parent, brothers by start.</param>
/// <param name="Logs">Of its spans, by time.</param>
/// <param name="LinkedFrom">Spans of other traces that link to it, such as batches that its events were in.</param>
/// <param name="HasMoreSpans">There are spans beyond those that are shown.</param>
/// <param name="HasMoreLogs">There are logs beyond those that are shown.</param>
/// <param name="HasMoreLinks">There are linking spans beyond those that are shown.</param>
internal sealed record TraceDetail(
    TraceSummary Summary, IReadOnlyList<TraceSpan> Spans, IReadOnlyList<LogEntry> Logs, IReadOnlyList<LinkingSpan> LinkedFrom, bool HasMoreSpans, bool HasMoreLogs, bool HasMoreLinks);

/// <summary>A span in its trace.</summary>
public sealed record TraceSpan
{
    public required SpanId Id { get; init; }

    public SpanId? ParentId { get; init; }

    /// <summary>0 for a root; what has a parent that is not there (yet) is a root, too.</summary>
    public int Depth { get; init; }

    /// <summary>It has a parent, and that is not there.</summary>
    public bool IsOrphan { get; init; }

    public required string Service { get; init; }

    public required string Instance { get; init; }

    public required string Scope { get; init; }

    public required string Name { get; init; }

    public SpanKind Kind { get; init; }

    /// <summary>From the start of the trace.</summary>
    public TimeSpan Offset { get; init; }

    public DateTimeOffset Start { get; init; }

    public TimeSpan Duration { get; init; }

    public SpanStatus Status { get; init; }

    public string? StatusMessage { get; init; }

    public bool IsReplay { get; init; }

    public required IReadOnlyList<TelemetryAttribute> Attributes { get; init; }

    /// <summary>Of the process; the same list for all its spans.</summary>
    public required IReadOnlyList<TelemetryAttribute> ResourceAttributes { get; init; }

    public IReadOnlyList<SpanEvent> Events { get; init; } = [];

    public IReadOnlyList<SpanLink> Links { get; init; } = [];

    /// <summary>Attributes, events and links that the sender or the dashboard has left out.</summary>
    public int NotKept { get; init; }
}

/// <summary>Something that happened within a span.</summary>
public sealed record SpanEvent(DateTimeOffset Time, string Name, IReadOnlyList<TelemetryAttribute> Attributes);

/// <summary>A span's link to another, mostly of another trace.</summary>
public sealed record SpanLink(TraceId TraceId, SpanId SpanId, IReadOnlyList<TelemetryAttribute> Attributes);

/// <summary>A span of another trace that links to this one.</summary>
/// <param name="TraceId">Its trace.</param>
/// <param name="SpanId">The span.</param>
/// <param name="Service">Whose it is.</param>
/// <param name="Name">Its name.</param>
/// <param name="IsReplay">Whether it is of a replay.</param>
/// <param name="Target">The span that it links to.</param>
public sealed record LinkingSpan(TraceId TraceId, SpanId SpanId, string Service, string Name, bool IsReplay, SpanId Target);
