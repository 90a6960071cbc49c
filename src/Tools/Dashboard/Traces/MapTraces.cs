using FlowPlatform.Dashboard.Storage;
using FlowPlatform.Storage.Sqlite;
using Microsoft.Data.Sqlite;

namespace FlowPlatform.Dashboard.Traces;

/// <summary>Finds in traces who talked to whom: first in the spans of all of them, then in their links. Not safe for concurrent use.</summary>
internal sealed class MapTraces(SqliteConnection connection, Dictionary<EdgeKey, EdgeSum> edges, Dictionary<string, (long Spans, long Errors)> services)
{
    private readonly Dictionary<long, string> resources = Resources(connection);

    /// <summary>Sent messages that a span below the sender's was seen to take, and by whom.</summary>
    private readonly HashSet<(long Trace, long Span, string Service)> taken = [];

    public void AddSpans(long trace)
    {
        var spans = Spans(trace);
        var answered = spans.Values.Where(static span => span is { Kind: SpanKind.Server, Parent: not null }).Select(static span => span.Parent!.Value).ToHashSet();
        foreach (var span in spans.Values)
        {
            var (count, errors) = services.GetValueOrDefault(span.Service);
            services[span.Service] = (count + 1, errors + (span.Failed ? 1 : 0));
            if (span.Kind is SpanKind.Server or SpanKind.Consumer)
            {
                if (span.Parent is { } id && spans.TryGetValue(id, out var parent))
                {
                    AddReached(trace, parent, span);
                }
            }
            else if (span is { Kind: SpanKind.Client, Peer: not null } && !answered.Contains(span.Id))
            {
                var (peer, database) = Peers.Parse(span.Peer);
                Add(new EdgeKey(span.Service, peer, database ? EdgeKind.Database : EdgeKind.External, null, span.IsReplay), span.Duration, span.Failed);
            }
        }
    }

    /// <summary>A batch, or a replay, links to what was in it. What was counted below the sender's span is not counted again.</summary>
    public void AddLinks(long trace)
    {
        using var row = new Statement(connection, LinkSql);
        row.With(1, trace);
        while (row.Step())
        {
            var service = resources[row.Long(3)];
            if (row.Int(7) == 1 || !taken.Contains((row.Long(0), row.Long(1), service)))
            {
                Add(new EdgeKey(resources[row.Long(2)], service, EdgeKind.Message, row.IsNull(4) ? null : row.Text(4), row.Int(7) == 1), row.Long(5), row.Int(6) == (int)SpanStatus.Error);
            }
        }
    }

    private void AddReached(long trace, MapSpan parent, MapSpan span)
    {
        var messaging = span.Kind == SpanKind.Consumer;
        if (messaging)
        {
            taken.Add((trace, parent.Id, span.Service));
        }

        if (messaging || parent.Service != span.Service)
        {
            var key = new EdgeKey(parent.Service, span.Service, messaging ? EdgeKind.Message : EdgeKind.Call, messaging ? span.Destination : null, span.IsReplay);
            Add(key, span.Start + span.Duration - parent.Start, span.Failed);
        }
    }

    private void Add(EdgeKey key, long nanos, bool failed)
    {
        if (!edges.TryGetValue(key, out var sum))
        {
            edges[key] = sum = new EdgeSum();
        }

        sum.Add(nanos, failed);
    }

    private Dictionary<long, MapSpan> Spans(long trace)
    {
        using var row = new Statement(connection, SpanSql);
        row.With(1, trace);
        var spans = new Dictionary<long, MapSpan>();
        while (row.Step())
        {
            spans[row.Long(0)] = new MapSpan(
                row.Long(0), row.IsNull(1) ? null : row.Long(1), resources[row.Long(2)], (SpanKind)row.Int(3), row.Long(4), row.Long(5), row.Int(6) == (int)SpanStatus.Error, row.Int(7) == 1,
                row.IsNull(8) ? null : row.Text(8), row.IsNull(9) ? null : row.Text(9));
        }

        return spans;
    }

    private static Dictionary<long, string> Resources(SqliteConnection connection)
    {
        using var row = new Statement(connection, "SELECT id, service FROM resource");
        var resources = new Dictionary<long, string>();
        while (row.Step())
        {
            resources[row.Long(0)] = row.Text(1);
        }

        return resources;
    }

    private const string SpanSql = "SELECT span_id, parent_id, resource, kind, start, duration, status, replay, peer, destination FROM span WHERE trace = ?1";

    // Columns: the sender's trace, span and resource; the consumer's resource, stream or queue, time from the sender's start to the consumer's end, status, replay.
    private const string LinkSql =
        """
        SELECT p.trace, p.span_id, p.resource, s.resource, coalesce(s.destination, p.destination), s.start + s.duration - p.start, s.status, s.replay
        FROM link l JOIN span s ON s.trace = l.trace AND s.span_id = l.span_id
        JOIN trace t ON t.trace_id = l.target_trace JOIN span p ON p.trace = t.id AND p.span_id = l.target_span
        WHERE l.trace = ?1 AND s.kind = 5 AND p.kind = 4
        """;

    private sealed record MapSpan(
        long Id, long? Parent, string Service, SpanKind Kind, long Start, long Duration, bool Failed, bool IsReplay, string? Peer, string? Destination);
}
