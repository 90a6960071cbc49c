using FlowPlatform.Dashboard.Storage;
using FlowPlatform.Storage.Sqlite;
using Microsoft.Data.Sqlite;

namespace FlowPlatform.Dashboard.Traces;

/// <summary>Draws the map of services. Safe for concurrent use.</summary>
internal sealed class ServiceMapReader(TelemetryReader reader)
{
    /// <summary>Spans that are looked at, the newest first.</summary>
    private const int MaxSpans = 100_000;

    private const int MaxEdges = 500;

    /// <summary>The map of a time.</summary>
    /// <exception cref="TelemetryQueryException">It took too long, or the run is gone.</exception>
    public Task<ServiceMap> ReadAsync(TelemetryRun run, DateTimeOffset from, DateTimeOffset to, CancellationToken cancellationToken) =>
        reader.ReadAsync(run, Signal.Traces, connection => Read(connection, UnixNanos.From(from), UnixNanos.From(to)), cancellationToken);

    private static ServiceMap Read(SqliteConnection connection, long from, long to)
    {
        var traces = Traces(connection, from, to, out var looked, out var partial);
        var edges = new Dictionary<EdgeKey, EdgeSum>();
        var services = new Dictionary<string, (long Spans, long Errors)>();
        var reader = new MapTraces(connection, edges, services);
        traces.ForEach(reader.AddSpans);
        traces.ForEach(reader.AddLinks);
        var seconds = Math.Max(1, (to - looked) / 1e9);
        return new ServiceMap(
            [.. services.OrderBy(static service => service.Key, StringComparer.Ordinal).Select(service => new MapService(service.Key, service.Value.Spans / seconds, (double)service.Value.Errors / service.Value.Spans))],
            [.. edges.OrderByDescending(static edge => edge.Value.Count).Take(MaxEdges).Select(edge => edge.Value.ToEdge(edge.Key, seconds))],
            UnixNanos.ToTime(looked),
            UnixNanos.ToTime(to),
            partial);
    }

    /// <summary>Traces of the time, the newest first, as many as have the spans that can be looked at.</summary>
    private static List<long> Traces(SqliteConnection connection, long from, long to, out long looked, out bool partial)
    {
        using var statement = new Statement(connection, "SELECT id, start, spans FROM trace WHERE start >= ?1 AND start < ?2 ORDER BY start DESC, id DESC");
        statement.With(1, from).With(2, to);
        var traces = new List<long>();
        (looked, partial) = (from, false);
        for (var spans = 0L; statement.Step();)
        {
            spans += statement.Long(2);
            if (spans > MaxSpans && traces.Count > 0)
            {
                partial = true;
                statement.Reset();
                break;
            }

            traces.Add(statement.Long(0));
            looked = statement.Long(1);
        }

        looked = partial ? looked : from;
        return traces;
    }
}
