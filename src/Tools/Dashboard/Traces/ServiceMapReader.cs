using FlowPlatform.Dashboard.Storage;
using FlowPlatform.Storage.Sqlite;
using Microsoft.Data.Sqlite;

namespace FlowPlatform.Dashboard.Traces;

/// <summary>Draws the map of services, from sums that were kept as the spans came in. Safe for concurrent use.</summary>
internal sealed class ServiceMapReader(TelemetryReader reader)
{
    /// <summary>Of each kind those with the most spans are looked at, so that a flood of names costs nobody his page.</summary>
    private const int MaxEdges = 500;

    private const string EdgeSql = "SELECT id, origin, target, via, replay FROM edge WHERE kind = ?1 ORDER BY count DESC LIMIT ?2";
    private const string SumSql = "SELECT durations, errors FROM edge_sum WHERE edge = ?1 AND step = ?2 AND time >= ?3 AND time < ?4";

    /// <summary>The map of a time, from the full minute in which it begins.</summary>
    /// <exception cref="TelemetryQueryException">It took too long, or the run is gone.</exception>
    public Task<ServiceMap> ReadAsync(TelemetryRun run, DateTimeOffset from, DateTimeOffset to, CancellationToken cancellationToken) =>
        reader.ReadAsync(run, Signal.Traces, connection => Read(connection, from.ToUnixTimeSeconds(), to), cancellationToken);

    private static ServiceMap Read(SqliteConnection connection, long from, DateTimeOffset to)
    {
        var begin = Down(from, EdgeSums.Minute);
        var end = to.ToUnixTimeMilliseconds() / 1e3;
        var seconds = Math.Max(1, end - begin);
        using var sums = new Statement(connection, SumSql);
        var edges = new List<MapEdge>();
        var services = new List<MapService>();
        var partial = false;
        foreach (var kind in Enum.GetValues<EdgeKind>())
        {
            var keys = Edges(connection, kind);
            partial |= keys.Count > MaxEdges;
            foreach (var (id, key) in keys.Take(MaxEdges))
            {
                var (durations, errors) = Sum(sums, id, begin, (long)Math.Ceiling(end));
                if (durations.Count > 0 && kind == EdgeKind.Own)
                {
                    services.Add(new MapService(key.From, durations.Count / seconds, (double)errors / durations.Count));
                }
                else if (durations.Count > 0)
                {
                    edges.Add(new MapEdge(key.From, key.To, kind, key.Via, key.IsReplay, durations.Count, durations.Count / seconds, (double)errors / durations.Count, durations.At(0.5), durations.At(0.95), durations.At(0.99)));
                }
            }
        }

        return new ServiceMap(
            [.. services.OrderBy(static service => service.Name, StringComparer.Ordinal)],
            [.. edges.OrderByDescending(static edge => edge.Count).Take(MaxEdges)],
            DateTimeOffset.FromUnixTimeSeconds(begin),
            to,
            partial || edges.Count > MaxEdges);
    }

    private static List<(long Id, EdgeKey Key)> Edges(SqliteConnection connection, EdgeKind kind)
    {
        using var row = new Statement(connection, EdgeSql);
        row.With(1, (int)kind).With(2, MaxEdges + 1);
        var edges = new List<(long, EdgeKey)>();
        while (row.Step())
        {
            edges.Add((row.Long(0), new EdgeKey(row.Text(1), row.Text(2), kind, row.Text(3) is { Length: > 0 } via ? via : null, row.Int(4) == 1)));
        }

        return edges;
    }

    /// <summary>Of the hours within it by hours, before and after by minutes.</summary>
    private static (DurationCounts Durations, long Errors) Sum(Statement sums, long edge, long from, long to)
    {
        var (durations, errors) = (new DurationCounts(), 0L);
        var (firstHour, lastHour) = (Down(from + EdgeSums.Hour - 1, EdgeSums.Hour), Down(to, EdgeSums.Hour));
        if (firstHour < lastHour)
        {
            Add(EdgeSums.Minute, from, firstHour);
            Add(EdgeSums.Hour, firstHour, lastHour);
            Add(EdgeSums.Minute, lastHour, to);
        }
        else
        {
            Add(EdgeSums.Minute, from, to);
        }

        return (durations, errors);

        void Add(int step, long begin, long end)
        {
            sums.With(1, edge).With(2, step).With(3, begin).With(4, end);
            while (sums.Step())
            {
                durations.Add(sums.Blob(0));
                errors += sums.Long(1);
            }
        }
    }

    private static long Down(long second, int step) => second - (second % step);
}
