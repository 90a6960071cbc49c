using System.Text;
using Dapper;
using FlowPlatform.Dashboard.Storage;
using FlowPlatform.Dashboard.Traces;

namespace FlowPlatform.Dashboard.Logs;

/// <summary>Log records as the database has them.</summary>
internal static class LogSql
{
    /// <summary>What is shown of the records in a table expression <c>l</c>.</summary>
    public const string Columns =
        """
        SELECT l.id AS Id, l.time AS Time, l.severity AS Severity, l.level AS Level, r.service AS Service, r.instance AS Instance, c.name AS Scope, l.trace_id AS TraceId, l.span_id AS SpanId,
            l.event AS Event, l.body AS Body, l.attributes AS Attributes, l.not_kept AS NotKept
        FROM l JOIN resource r ON r.id = l.resource JOIN scope c ON c.id = l.scope
        """;

    /// <summary>Conditions on l and r, without those on time.</summary>
    public static (string Conditions, DynamicParameters Parameters) Conditions(LogFilter filter)
    {
        var parameters = new DynamicParameters();
        var sql = new StringBuilder("WHERE l.severity >= @severity");
        parameters.Add("severity", (int)filter.MinSeverity);
        Add("AND r.service = @service", "service", filter.Service);
        Add("AND r.instance = @instance", "instance", filter.Instance);
        if (filter.TraceId is { } trace)
        {
            parameters.Add("trace", trace.ToBytes());
            sql.Append(" AND l.trace_id = @trace");
        }

        if (filter.SpanId is { } span)
        {
            parameters.Add("span", span.Signed);
            sql.Append(" AND l.span_id = @span");
        }

        Add(@"AND (l.body LIKE @text ESCAPE '\' OR l.attributes LIKE @text ESCAPE '\')", "text", filter.Text is { Length: > 0 } text ? $"%{LikePattern.Escape(text)}%" : null);
        if (filter.Attribute is { } attribute)
        {
            Add("AND (l.attributes ->> @attribute = @value OR l.attributes -> @attribute = @value)", "attribute", attribute.Name);
            parameters.Add("value", attribute.Value);
        }

        return (sql.ToString(), parameters);

        void Add(string condition, string parameter, string? value)
        {
            if (!string.IsNullOrEmpty(value))
            {
                parameters.Add(parameter, value);
                sql.Append(' ').Append(condition);
            }
        }
    }

    /// <summary>A row that <see cref="Columns"/> gives.</summary>
    public sealed class Row
    {
        public long Id { get; init; }

        public long Time { get; init; }

        public long Severity { get; init; }

        public string Level { get; init; } = "";

        public string Service { get; init; } = "";

        public string Instance { get; init; } = "";

        public string Scope { get; init; } = "";

        public byte[]? TraceId { get; init; }

        public long? SpanId { get; init; }

        public string? Event { get; init; }

        public string Body { get; init; } = "";

        public string Attributes { get; init; } = "";

        public long NotKept { get; init; }

        public LogEntry ToEntry() => new()
        {
            Id = Id,
            Time = UnixNanos.ToTime(Time),
            SeverityNumber = (int)Severity,
            Level = Level,
            Service = Service,
            Instance = Instance,
            Scope = Scope,
            TraceId = TraceId is not null && Traces.TraceId.TryRead(TraceId, out var trace) ? trace : null,
            SpanId = SpanId is { } span ? Traces.SpanId.From(span) : null,
            Event = Event,
            Body = Body,
            Attributes = TelemetryAttribute.Read(Attributes),
            NotKept = (int)NotKept,
        };
    }
}
