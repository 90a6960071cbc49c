using System.Text;
using Dapper;
using FlowPlatform.Dashboard.Storage;
using Microsoft.Data.Sqlite;

namespace FlowPlatform.Dashboard.Traces;

/// <summary>Finds traces. Safe for concurrent use.</summary>
internal sealed class TraceList(TelemetryReader reader)
{
    public const int MaxPage = 200;

    /// <summary>Traces that are looked at together.</summary>
    private const int Chunk = 1_000;

    /// <summary>What is looked at for one page, in traces and in spans; then the page ends where it is. A span takes about 1 µs, twice that beside a flood, and a page should take no more than 200 ms.</summary>
    private const int MaxTraces = 30_000;

    private const int MaxSpans = 50_000;

    /// <summary>One page, newest first.</summary>
    /// <exception cref="TelemetryQueryException">It took too long, or the run is gone.</exception>
    public Task<TracePage> FindAsync(TelemetryRun run, TraceFilter filter, TraceCursor? after, int limit, CancellationToken cancellationToken) =>
        reader.ReadAsync(run, Signal.Traces, connection => Find(connection, filter, after, Math.Clamp(limit, 1, MaxPage)), cancellationToken);

    private static TracePage Find(SqliteConnection connection, TraceFilter filter, TraceCursor? after, int limit)
    {
        var (conditions, parameters) = Conditions(filter);
        parameters.Add("from", filter.From is { } from ? UnixNanos.From(from) : long.MinValue);
        parameters.Add("chunk", Chunk);
        var cursor = after ?? new TraceCursor(filter.To is { } to ? UnixNanos.From(to) : long.MaxValue, long.MinValue);
        var found = new List<TraceRow>();
        var (traces, spans) = (0L, 0L);
        while (true)
        {
            parameters.Add("start", cursor.Start);
            parameters.Add("id", cursor.Id);
            parameters.Add("limit", limit - found.Count);
            found.AddRange(connection.Query<TraceRow>($"{ChunkSql} {RowSql} {conditions} ORDER BY t.start DESC, t.id DESC LIMIT @limit", parameters));
            var chunk = connection.QuerySingle<ChunkRow>($"{ChunkSql} {ChunkEndSql}", parameters);
            traces += chunk.Traces;
            spans += chunk.Spans;
            if (found.Count == limit)
            {
                return new TracePage(Summaries(connection, found), new TraceCursor(found[^1].Start, found[^1].Id), null);
            }

            if (chunk.Traces < Chunk)
            {
                return new TracePage(Summaries(connection, found), null, null);
            }

            cursor = new TraceCursor(chunk.Start, chunk.Id);
            if (traces >= MaxTraces || spans >= MaxSpans)
            {
                return new TracePage(Summaries(connection, found), cursor, UnixNanos.ToTime(cursor.Start));
            }
        }
    }

    private const string ChunkSql =
        """
        WITH t AS (
            SELECT id, trace_id, start, finish, name, resource, has_root, spans, errors, replay FROM trace
            WHERE (start, id) < (@start, @id) AND start >= @from ORDER BY start DESC, id DESC LIMIT @chunk)
        """;

    private const string RowSql =
        """
        SELECT t.id AS Id, t.trace_id AS TraceId, t.start AS Start, t.finish AS Finish, t.name AS Name, r.service AS Service, t.has_root AS HasRoot, t.spans AS Spans, t.errors AS Errors, t.replay AS Replay
        FROM t JOIN resource r ON r.id = t.resource
        """;

    private const string ChunkEndSql =
        """
        SELECT count(*) AS Traces, coalesce(sum(spans), 0) AS Spans, coalesce(min(start), 0) AS Start,
            coalesce((SELECT id FROM t ORDER BY start, id LIMIT 1), 0) AS Id FROM t
        """;

    private static (string Conditions, DynamicParameters Parameters) Conditions(TraceFilter filter)
    {
        var parameters = new DynamicParameters();
        var trace = new StringBuilder("WHERE 1 = 1");
        var span = new StringBuilder();
        Add(trace, filter.MinDuration, "AND t.finish - t.start >= @minDuration", "minDuration", static duration => UnixNanos.From(duration));
        Add(trace, filter.MaxDuration, "AND t.finish - t.start <= @maxDuration", "maxDuration", static duration => UnixNanos.From(duration));
        trace.Append(filter.Replay switch { ReplayFilter.Live => " AND t.replay = 0", ReplayFilter.Replayed => " AND t.replay = 1", _ => "" });
        trace.Append(filter.ErrorsOnly ? " AND t.errors > 0" : "");
        if (filter.Service is { Length: > 0 } service)
        {
            // First whether the service took part at all, which takes no look at spans.
            parameters.Add("service", service);
            trace.Append(" AND EXISTS (SELECT 1 FROM trace_service x WHERE x.trace = t.id AND x.service = @service").Append(filter.ErrorsOnly ? " AND x.errors > 0)" : ")");
        }

        if (filter.Name is { Length: > 0 } name)
        {
            parameters.Add("name", $"%{LikePattern.Escape(name)}%");
            span.Append(@" AND s.name LIKE @name ESCAPE '\'");
        }

        if (filter.Attribute is { } attribute)
        {
            parameters.Add("attribute", attribute.Name);
            parameters.Add("value", attribute.Value);
            // As text it is what a text is, as JSON what a number or a truth value is.
            span.Append(" AND (s.attributes ->> @attribute = @value OR s.attributes -> @attribute = @value)");
        }

        if (span.Length > 0)
        {
            span.Append(filter.ErrorsOnly ? " AND s.status = 2" : "");
            span.Append(filter.Service is { Length: > 0 } ? " AND s.resource IN (SELECT id FROM resource WHERE service = @service)" : "");
            trace.Append(" AND EXISTS (SELECT 1 FROM span s WHERE s.trace = t.id").Append(span).Append(')');
        }

        return (trace.ToString(), parameters);

        void Add<T>(StringBuilder sql, T? value, string condition, string parameter, Func<T, object> convert)
            where T : struct
        {
            if (value is { } given)
            {
                parameters.Add(parameter, convert(given));
                sql.Append(' ').Append(condition);
            }
        }
    }

    /// <summary>Rows with the services that took part.</summary>
    internal static List<TraceSummary> Summaries(SqliteConnection connection, IReadOnlyList<TraceRow> rows)
    {
        var services = connection.Query<(long Trace, string Service, long Spans, long Errors)>(
                "SELECT trace, service, spans, errors FROM trace_service WHERE trace IN @ids ORDER BY trace, spans DESC, service", new { ids = rows.Select(static row => row.Id) })
            .ToLookup(static row => row.Trace, static row => new ServiceShare(row.Service, (int)row.Spans, (int)row.Errors));
        return [.. rows.Select(row => row.ToSummary([.. services[row.Id]]))];
    }

    private sealed record ChunkRow(long Traces, long Spans, long Start, long Id);
}
