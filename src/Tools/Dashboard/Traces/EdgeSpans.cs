using FlowPlatform.Dashboard.Storage;
using FlowPlatform.Storage.Sqlite;

namespace FlowPlatform.Dashboard.Traces;

/// <summary>A span as far as it says who talks to whom.</summary>
/// <param name="Trace">Number of its trace.</param>
/// <param name="Id">Its id.</param>
/// <param name="Counts">What it was counted for, beside its service; null: nothing, yet.</param>
internal sealed record EdgeSpan(
    long Trace, long Id, long? Parent, string Service, SpanKind Kind, long Start, long Duration, bool Failed, bool IsReplay, string? Peer, string? Destination, Counted? Counts)
{
    public static EdgeSpan Of(long trace, SpanRow row) => new(
        trace, row.SpanId.Signed, row.ParentId?.Signed, row.Resource.Service, row.Kind, row.Start, row.Duration, row.Status == SpanStatus.Error, row.IsReplay, row.Peer, row.Destination, null);
}

/// <summary>Looks up spans and links for <see cref="EdgeCounting"/>, and writes at each what it was counted for. Not safe for concurrent use.</summary>
internal sealed class EdgeSpans(SignalConnection connection)
{
    private const string Columns = "s.trace, s.span_id, s.parent_id, r.service, s.kind, s.start, s.duration, s.status, s.replay, s.peer, s.destination, s.edge, s.bucket";

    private readonly Statement find = connection.Prepare($"SELECT {Columns} FROM span s JOIN resource r ON r.id = s.resource WHERE s.trace = ?1 AND s.span_id = ?2");

    // Of the index alone: most spans have nothing below them that came before.
    private readonly Statement reached = connection.Prepare("SELECT s.span_id FROM span s WHERE s.trace = ?1 AND s.parent_id = ?2 AND s.kind IN (2, 5)");

    private readonly Statement answered = connection.Prepare("SELECT 1 FROM span s WHERE s.trace = ?1 AND s.parent_id = ?2 AND s.kind IN (2, 5) AND s.kind = 2 LIMIT 1");

    private readonly Statement taken = connection.Prepare(
        "SELECT 1 FROM span s JOIN resource r ON r.id = s.resource WHERE s.trace = ?1 AND s.parent_id = ?2 AND s.kind IN (2, 5) AND s.kind = 5 AND r.service = ?3 LIMIT 1");

    private readonly Statement sender = connection.Prepare(
        $"SELECT {Columns} FROM trace t JOIN span s ON s.trace = t.id JOIN resource r ON r.id = s.resource WHERE t.trace_id = ?1 AND s.span_id = ?2 AND s.kind = 4");

    // What is counted of a link stands at the link, not at its span.
    private readonly Statement links = connection.Prepare(
        """
        SELECT s.trace, s.span_id, s.parent_id, r.service, s.kind, s.start, s.duration, s.status, s.replay, s.peer, s.destination, l.edge, l.bucket
        FROM link l JOIN span s ON s.trace = l.trace AND s.span_id = l.span_id JOIN resource r ON r.id = s.resource
        WHERE l.target_trace = ?1 AND l.target_span = ?2 AND s.kind = 5
        """);

    private readonly Statement setSpan = connection.Prepare("UPDATE span SET edge = ?3, bucket = ?4 WHERE trace = ?1 AND span_id = ?2");
    private readonly Statement setLink = connection.Prepare("UPDATE link SET edge = ?3, bucket = ?4 WHERE trace = ?1 AND span_id = ?2 AND target_trace = ?5 AND target_span = ?6");
    private readonly Statement oldSpans = connection.Prepare($"SELECT {Columns} FROM span s JOIN resource r ON r.id = s.resource WHERE s.trace <= ?1");

    private readonly Statement oldLinks = connection.Prepare(
        "SELECT l.edge, l.bucket, s.start, s.status FROM link l JOIN span s ON s.trace = l.trace AND s.span_id = l.span_id WHERE l.trace <= ?1 AND l.edge IS NOT NULL");

    public EdgeSpan? Find(long trace, long span) => First(find.With(1, trace).With(2, span));

    /// <summary>Servers' and consumers' spans that come of one.</summary>
    public IReadOnlyList<long> ReachedBy(EdgeSpan span)
    {
        List<long>? ids = null;
        reached.With(1, span.Trace).With(2, span.Id);
        while (reached.Step())
        {
            (ids ??= []).Add(reached.Long(0));
        }

        return ids ?? (IReadOnlyList<long>)[];
    }

    /// <summary>Whether a server's span comes of it.</summary>
    public bool IsAnswered(EdgeSpan span) => SignalConnection.One(answered.With(1, span.Trace).With(2, span.Id)) == 1;

    /// <summary>Whether a consumer's span of a service comes of it.</summary>
    public bool IsTaken(EdgeSpan span, string service) => SignalConnection.One(taken.With(1, span.Trace).With(2, span.Id).With(3, service)) == 1;

    /// <summary>The producer's span that a link leads to.</summary>
    public EdgeSpan? Sender(TraceId trace, long span) => First(sender.With(1, trace.ToBytes()).With(2, span));

    /// <summary>Consumers' spans that link to a span, with what each link was counted for.</summary>
    public List<EdgeSpan> LinkedTo(TraceId trace, long span) => All(links.With(1, trace.ToBytes()).With(2, span));

    /// <summary>Writes what a span was counted for.</summary>
    public void Set(EdgeSpan span, Counted? counted) => Set(setSpan.With(1, span.Trace).With(2, span.Id), counted);

    /// <summary>Writes what the link of a span to another was counted for.</summary>
    public void SetLink(EdgeSpan span, TraceId targetTrace, long target, Counted? counted) => Set(setLink.With(1, span.Trace).With(2, span.Id).With(5, targetTrace.ToBytes()).With(6, target), counted);

    /// <summary>Spans of the traces up to one.</summary>
    public IEnumerable<EdgeSpan> UpTo(long trace)
    {
        oldSpans.With(1, trace);
        while (oldSpans.Step())
        {
            yield return Read(oldSpans);
        }
    }

    /// <summary>What links of the traces up to one were counted for.</summary>
    public IEnumerable<Counted> LinksUpTo(long trace)
    {
        oldLinks.With(1, trace);
        while (oldLinks.Step())
        {
            yield return new Counted(oldLinks.Long(0), oldLinks.Int(1), oldLinks.Long(2), oldLinks.Int(3) == (int)SpanStatus.Error);
        }
    }

    private static void Set(Statement set, Counted? counted)
    {
        _ = counted is { } it ? set.With(3, it.Edge).With(4, it.Bucket) : set.WithNull(3).WithNull(4);
        set.Run();
    }

    private static EdgeSpan? First(Statement row)
    {
        if (!row.Step())
        {
            return null;
        }

        var span = Read(row);
        row.Reset();
        return span;
    }

    private static List<EdgeSpan> All(Statement row)
    {
        var spans = new List<EdgeSpan>();
        while (row.Step())
        {
            spans.Add(Read(row));
        }

        return spans;
    }

    private static EdgeSpan Read(Statement row)
    {
        var (start, failed) = (row.Long(5), row.Int(7) == (int)SpanStatus.Error);
        return new EdgeSpan(
            row.Long(0), row.Long(1), row.IsNull(2) ? null : row.Long(2), row.Text(3), (SpanKind)row.Int(4), start, row.Long(6), failed, row.Int(8) == 1,
            row.IsNull(9) ? null : row.Text(9), row.IsNull(10) ? null : row.Text(10), row.IsNull(11) ? null : new Counted(row.Long(11), row.Int(12), start, failed));
    }
}
