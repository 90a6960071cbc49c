using FlowPlatform.Dashboard.Traces;

namespace FlowPlatform.Dashboard.Logs;

/// <summary>Levels, by the least of OTLP's severity numbers that belongs to each.</summary>
public enum LogSeverity
{
    /// <summary>Everything, also what has no severity.</summary>
    Unspecified = 0,
    Trace = 1,
    Debug = 5,
    Information = 9,
    Warning = 13,
    Error = 17,
    Critical = 21,
}

/// <summary>Which log records are shown.</summary>
internal sealed record LogFilter
{
    public DateTimeOffset? From { get; init; }

    /// <summary>Records before this.</summary>
    public DateTimeOffset? To { get; init; }

    /// <summary>This level and those above.</summary>
    public LogSeverity MinSeverity { get; init; }

    public string? Service { get; init; }

    /// <summary>The process, where a service has several.</summary>
    public string? Instance { get; init; }

    public TraceId? TraceId { get; init; }

    public SpanId? SpanId { get; init; }

    /// <summary>Part of the body or of the attributes (an exception is in them), upper or lower case.</summary>
    public string? Text { get; init; }

    public AttributeFilter? Attribute { get; init; }
}

/// <summary>Where the next page begins.</summary>
internal readonly record struct LogCursor(long Time, long Id);

/// <summary>A log record.</summary>
public sealed record LogEntry
{
    /// <summary>Ascends in order of arrival.</summary>
    public required long Id { get; init; }

    public required DateTimeOffset Time { get; init; }

    /// <summary>OTLP's number, 1 to 24; 0 if there is none.</summary>
    public int SeverityNumber { get; init; }

    /// <summary>The level that the number belongs to.</summary>
    public LogSeverity Severity => SeverityNumber == 0 ? LogSeverity.Unspecified : (LogSeverity)((((SeverityNumber - 1) / 4) * 4) + 1);

    /// <summary>The sender's name for it.</summary>
    public required string Level { get; init; }

    public required string Service { get; init; }

    public required string Instance { get; init; }

    /// <summary>The logger's category.</summary>
    public required string Scope { get; init; }

    public TraceId? TraceId { get; init; }

    public SpanId? SpanId { get; init; }

    public string? Event { get; init; }

    public required string Body { get; init; }

    public required IReadOnlyList<TelemetryAttribute> Attributes { get; init; }

    /// <summary>Attributes that the sender or the dashboard has left out.</summary>
    public int NotKept { get; init; }
}

/// <summary>Log records, newest first.</summary>
/// <param name="Entries">Those that were found.</param>
/// <param name="Next">Where to go on; null: there is nothing older.</param>
/// <param name="SearchedTo">Not null: the search stopped here, because it had looked at enough; older ones may match, too.</param>
internal sealed record LogPage(IReadOnlyList<LogEntry> Entries, LogCursor? Next, DateTimeOffset? SearchedTo);

/// <summary>What came since the last look.</summary>
/// <param name="Entries">In order of arrival.</param>
/// <param name="Skipped">More came than can be shown: about so many records were not looked at.</param>
internal sealed record LogTailPart(IReadOnlyList<LogEntry> Entries, long Skipped);
