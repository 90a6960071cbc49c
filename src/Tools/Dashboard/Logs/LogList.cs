using Dapper;
using FlowPlatform.Dashboard.Storage;
using FlowPlatform.Dashboard.Traces;
using Microsoft.Data.Sqlite;

namespace FlowPlatform.Dashboard.Logs;

/// <summary>Finds log records. Safe for concurrent use.</summary>
internal sealed class LogList(TelemetryReader reader)
{
    public const int MaxPage = 500;

    /// <summary>Records that are looked at together.</summary>
    private const int Chunk = 5_000;

    /// <summary>Records that are looked at for one page; then the page ends where it is. A record takes about 1 µs with a text to look for, and a page should take no more than 200 ms beside a flood.</summary>
    private const int MaxLooked = 50_000;

    /// <summary>One page, newest first.</summary>
    /// <exception cref="TelemetryQueryException">It took too long, or the run is gone.</exception>
    public Task<LogPage> FindAsync(TelemetryRun run, LogFilter filter, LogCursor? after, int limit, CancellationToken cancellationToken) =>
        reader.ReadAsync(run, Signal.Logs, connection => Find(connection, filter, after, Math.Clamp(limit, 1, MaxPage)), cancellationToken);

    /// <summary>The records of a trace, by time.</summary>
    /// <exception cref="TelemetryQueryException">It took too long, or the run is gone.</exception>
    public Task<IReadOnlyList<LogEntry>> OfTraceAsync(TelemetryRun run, TraceId trace, int limit, CancellationToken cancellationToken) =>
        reader.ReadAsync<IReadOnlyList<LogEntry>>(
            run,
            Signal.Logs,
            connection =>
            [
                .. connection.Query<LogSql.Row>($"WITH l AS (SELECT * FROM log WHERE trace_id = @trace ORDER BY time, id LIMIT @limit) {LogSql.Columns} ORDER BY l.time, l.id", new { trace = trace.ToBytes(), limit })
                    .Select(static row => row.ToEntry()),
            ],
            cancellationToken);

    private static LogPage Find(SqliteConnection connection, LogFilter filter, LogCursor? after, int limit)
    {
        var (conditions, parameters) = LogSql.Conditions(filter);
        parameters.Add("from", filter.From is { } from ? UnixNanos.From(from) : long.MinValue);
        parameters.Add("chunk", Chunk);
        // A trace has few records, and an index finds them.
        var source = filter.TraceId is null ? "log" : "(SELECT * FROM log WHERE trace_id = @trace)";
        var chunkSql = $"WITH l AS (SELECT * FROM {source} WHERE (time, id) < (@time, @id) AND time >= @from ORDER BY time DESC, id DESC LIMIT @chunk)";
        var cursor = after ?? new LogCursor(filter.To is { } to ? UnixNanos.From(to) : long.MaxValue, long.MinValue);
        var found = new List<LogEntry>();
        for (var looked = 0L; ;)
        {
            parameters.Add("time", cursor.Time);
            parameters.Add("id", cursor.Id);
            parameters.Add("limit", limit - found.Count);
            found.AddRange(connection.Query<LogSql.Row>($"{chunkSql} {LogSql.Columns} {conditions} ORDER BY l.time DESC, l.id DESC LIMIT @limit", parameters).Select(static row => row.ToEntry()));
            if (found.Count == limit)
            {
                var last = connection.QuerySingle<long>("SELECT time FROM log WHERE id = @id", new { id = found[^1].Id });
                return new LogPage(found, new LogCursor(last, found[^1].Id), null);
            }

            var chunk = connection.QuerySingle<ChunkRow>(
                $"{chunkSql} SELECT count(*) AS Count, coalesce(min(time), 0) AS Time, coalesce((SELECT id FROM l ORDER BY time, id LIMIT 1), 0) AS Id FROM l", parameters);
            looked += chunk.Count;
            if (chunk.Count < Chunk)
            {
                return new LogPage(found, null, null);
            }

            cursor = new LogCursor(chunk.Time, chunk.Id);
            if (looked >= MaxLooked)
            {
                return new LogPage(found, cursor, UnixNanos.ToTime(cursor.Time));
            }
        }
    }

    private sealed record ChunkRow(long Count, long Time, long Id);
}
