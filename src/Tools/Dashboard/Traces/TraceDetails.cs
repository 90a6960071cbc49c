using System.Text.Json;
using Dapper;
using FlowPlatform.Dashboard.Logs;
using FlowPlatform.Dashboard.Storage;
using Microsoft.Data.Sqlite;

namespace FlowPlatform.Dashboard.Traces;

/// <summary>Reads one trace whole. Safe for concurrent use.</summary>
internal sealed class TraceDetails(TelemetryReader reader, LogList logs)
{
    public const int MaxSpans = 10_000;
    private const int MaxLogs = 2_000;
    private const int MaxLinks = 500;

    /// <summary>The trace; null if it is not kept (any more).</summary>
    /// <exception cref="TelemetryQueryException">It took too long, or the run is gone.</exception>
    public async Task<TraceDetail?> ReadAsync(TelemetryRun run, TraceId id, CancellationToken cancellationToken)
    {
        var found = await reader.ReadAsync(run, Signal.Traces, connection => Read(connection, id), cancellationToken);
        if (found is null)
        {
            return null;
        }

        var entries = await logs.OfTraceAsync(run, id, MaxLogs + 1, cancellationToken);
        return found with { Logs = [.. entries.Take(MaxLogs)], HasMoreLogs = entries.Count > MaxLogs };
    }

    private static TraceDetail? Read(SqliteConnection connection, TraceId id)
    {
        var row = connection.QuerySingleOrDefault<TraceRow>(
            """
            SELECT t.id AS Id, t.trace_id AS TraceId, t.start AS Start, t.finish AS Finish, t.name AS Name, r.service AS Service, t.has_root AS HasRoot, t.spans AS Spans, t.errors AS Errors, t.replay AS Replay
            FROM trace t JOIN resource r ON r.id = t.resource WHERE t.trace_id = @id
            """,
            new { id = id.ToBytes() });
        if (row is null)
        {
            return null;
        }

        var spans = connection.Query<StoredSpan>(SpanSql, new { trace = row.Id, limit = MaxSpans + 1 }).AsList();
        var links = connection.Query<StoredLink>(LinkSql, new { id = id.ToBytes(), trace = row.Id, limit = MaxLinks + 1 }).AsList();
        var resources = new Dictionary<string, IReadOnlyList<TelemetryAttribute>>();
        return new TraceDetail(
            TraceList.Summaries(connection, [row])[0],
            SpanTree.Order([.. spans.Take(MaxSpans).Select(span => span.ToSpan(row.Start, resources))]),
            [],
            [.. links.Take(MaxLinks).Select(static link => link.ToLink())],
            HasMoreSpans: spans.Count > MaxSpans,
            HasMoreLogs: false,
            HasMoreLinks: links.Count > MaxLinks);
    }

    private const string SpanSql =
        """
        SELECT s.span_id AS SpanId, s.parent_id AS ParentId, r.service AS Service, r.instance AS Instance, r.attributes AS ResourceAttributes, c.name AS Scope, s.name AS Name, s.kind AS Kind, s.start AS Start,
            s.duration AS Duration, s.status AS Status, s.status_message AS StatusMessage, s.replay AS Replay, s.attributes AS Attributes, s.events AS Events, s.links AS Links, s.not_kept AS NotKept
        FROM span s JOIN resource r ON r.id = s.resource JOIN scope c ON c.id = s.scope WHERE s.trace = @trace LIMIT @limit
        """;

    private const string LinkSql =
        """
        SELECT t.trace_id AS TraceId, l.span_id AS SpanId, r.service AS Service, s.name AS Name, s.replay AS Replay, l.target_span AS Target
        FROM link l JOIN span s ON s.trace = l.trace AND s.span_id = l.span_id JOIN trace t ON t.id = l.trace JOIN resource r ON r.id = s.resource
        WHERE l.target_trace = @id AND l.trace <> @trace ORDER BY l.trace, l.span_id LIMIT @limit
        """;

    private sealed class StoredSpan
    {
        public long SpanId { get; init; }

        public long? ParentId { get; init; }

        public string Service { get; init; } = "";

        public string Instance { get; init; } = "";

        public string ResourceAttributes { get; init; } = "";

        public string Scope { get; init; } = "";

        public string Name { get; init; } = "";

        public long Kind { get; init; }

        public long Start { get; init; }

        public long Duration { get; init; }

        public long Status { get; init; }

        public string? StatusMessage { get; init; }

        public long Replay { get; init; }

        public string Attributes { get; init; } = "";

        public string? Events { get; init; }

        public string? Links { get; init; }

        public long NotKept { get; init; }

        public TraceSpan ToSpan(long traceStart, Dictionary<string, IReadOnlyList<TelemetryAttribute>> resources)
        {
            if (!resources.TryGetValue(ResourceAttributes, out var ofResource))
            {
                resources[ResourceAttributes] = ofResource = TelemetryAttribute.Read(ResourceAttributes);
            }

            return new TraceSpan
            {
                Id = Traces.SpanId.From(SpanId),
                ParentId = ParentId is { } parent ? Traces.SpanId.From(parent) : null,
                Service = Service,
                Instance = Instance,
                Scope = Scope,
                Name = Name,
                Kind = (SpanKind)Kind,
                Offset = UnixNanos.ToDuration(Start - traceStart),
                Start = UnixNanos.ToTime(Start),
                Duration = UnixNanos.ToDuration(Duration),
                Status = (SpanStatus)Status,
                StatusMessage = StatusMessage,
                IsReplay = Replay == 1,
                Attributes = TelemetryAttribute.Read(Attributes),
                ResourceAttributes = ofResource,
                Events = Each(Events, static json => new SpanEvent(UnixNanos.ToTime(json.GetProperty("time").GetInt64()), json.GetProperty("name").GetString()!, TelemetryAttribute.Read(json.GetProperty("attributes")))),
                Links = Each(Links, static json => new SpanLink(
                    TraceId.TryParse(json.GetProperty("traceId").GetString(), out var trace) ? trace : default,
                    Traces.SpanId.TryParse(json.GetProperty("spanId").GetString(), out var span) ? span : default,
                    TelemetryAttribute.Read(json.GetProperty("attributes")))),
                NotKept = (int)NotKept,
            };
        }

        private static List<T> Each<T>(string? array, Func<JsonElement, T> read)
        {
            if (array is null)
            {
                return [];
            }

            using var document = JsonDocument.Parse(array);
            return [.. document.RootElement.EnumerateArray().Select(read)];
        }
    }

    private sealed record StoredLink(byte[] TraceId, long SpanId, string Service, string Name, long Replay, long Target)
    {
        public LinkingSpan ToLink() => new(Traces.TraceId.TryRead(TraceId, out var id) ? id : default, Traces.SpanId.From(SpanId), Service, Name, Replay == 1, Traces.SpanId.From(Target));
    }
}
