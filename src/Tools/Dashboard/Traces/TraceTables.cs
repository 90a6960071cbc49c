using FlowPlatform.Dashboard.Storage;
using FlowPlatform.Storage.Sqlite;

namespace FlowPlatform.Dashboard.Traces;

/// <summary>Writes spans, and with them what is known of each trace as a whole and of who talks to whom.</summary>
internal sealed class TraceTables : ISignalTables<TraceExport>
{
    /// <summary>What one step of trimming deletes: so many traces, or fewer that have so many spans. A thousand traces of hundreds of spans may be all that there are.</summary>
    private const int TrimTraces = 1_000;

    private const int TrimSpans = 2_000;

    /// <summary>Traces whose number and size are known without a look.</summary>
    private const int MaxKnown = 16_384;

    private static readonly string[] ByTrace = ["span WHERE trace", "link WHERE trace", "trace_service WHERE trace", "trace WHERE id"];

    private readonly int maxSpansPerTrace;
    private readonly Origins origins;
    private readonly SpanStatements spans;
    private readonly EdgeCounting edges;
    private readonly Dictionary<TraceId, (long Id, int Spans)> known = [];
    private readonly Statement find;
    private readonly Statement last;
    private readonly Statement add;
    private readonly Statement change;
    private readonly Statement addService;
    private readonly Statement oldest;
    private readonly Statement[] trims;
    private long lastId;

    public TraceTables(SignalConnection connection, int maxSpansPerTrace)
    {
        this.maxSpansPerTrace = maxSpansPerTrace;
        origins = new Origins(connection);
        spans = new SpanStatements(connection);
        edges = new EdgeCounting(connection);
        find = connection.Prepare("SELECT id, spans FROM trace WHERE trace_id = ?1");
        last = connection.Prepare("SELECT max(id) FROM trace");
        add = connection.Prepare(
            "INSERT INTO trace (id, trace_id, received, start, finish, name, resource, has_root, spans, errors, replay) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)");
        change = connection.Prepare(
            """
            UPDATE trace SET start = min(start, ?4), finish = max(finish, ?5),
                name = CASE WHEN has_root = 0 AND (?8 = 1 OR ?4 < start) THEN ?6 ELSE name END,
                resource = CASE WHEN has_root = 0 AND (?8 = 1 OR ?4 < start) THEN ?7 ELSE resource END,
                has_root = max(has_root, ?8), spans = spans + ?9, errors = errors + ?10, replay = max(replay, ?11)
            WHERE id = ?1
            """);
        addService = connection.Prepare(
            "INSERT INTO trace_service (trace, service, spans, errors) VALUES (?1, ?2, ?3, ?4) ON CONFLICT DO UPDATE SET spans = spans + ?3, errors = errors + ?4");
        oldest = connection.Prepare("SELECT id, received, spans FROM trace ORDER BY id LIMIT ?1");
        trims = [.. ByTrace.Select(table => connection.Prepare($"DELETE FROM {table} <= ?1"))];
        lastId = SignalConnection.One(last);
    }

    /// <inheritdoc />
    public void Write(TraceExport export, long now, Action<Outcome, int> count)
    {
        foreach (var trace in export.Spans.GroupBy(static span => span.TraceId))
        {
            WriteTrace(trace.Key, [.. trace], now, count);
        }
    }

    /// <inheritdoc />
    public void Complete() => edges.Write();

    /// <inheritdoc />
    public bool TrimOldest(long receivedBefore)
    {
        long? end = null;
        var found = 0L;
        oldest.With(1, TrimTraces);
        while (oldest.Step())
        {
            if (oldest.Long(1) >= receivedBefore || found >= TrimSpans)
            {
                oldest.Reset();
                break;
            }

            end = oldest.Long(0);
            found += oldest.Long(2);
        }

        if (end is null)
        {
            return false;
        }

        edges.RemoveUpTo(end.Value);
        edges.Write();
        foreach (var trim in trims)
        {
            trim.With(1, end.Value).Run();
        }

        known.Clear();
        oldest.With(1, 1);
        if (oldest.Step())
        {
            var kept = oldest.Long(1);
            oldest.Reset();
            origins.ForgetBefore(kept);
        }

        return true;
    }

    /// <inheritdoc />
    public void Reset()
    {
        known.Clear();
        origins.Reset();
        edges.Reset();
        lastId = SignalConnection.One(last);
    }

    private void WriteTrace(TraceId traceId, List<SpanRow> rows, long now, Action<Outcome, int> count)
    {
        var trace = Find(traceId);
        var id = trace?.Id ?? lastId + 1;
        var (had, kept, errors, tooMany) = (trace?.Spans ?? 0, 0, 0, 0);
        var added = new List<SpanRow>(rows.Count);
        var services = new Dictionary<string, (int Spans, int Errors)>();
        SpanRow? root = null;
        var (start, finish, replay) = (long.MaxValue, long.MinValue, false);
        foreach (var row in rows)
        {
            if (had + kept >= maxSpansPerTrace)
            {
                tooMany++;
                continue;
            }

            // A span that is already there was sent again, because its sender had no answer.
            if (!spans.Add(id, row, origins.IdOf(row.Resource, now), origins.IdOf(row.Scope)))
            {
                continue;
            }

            var error = row.Status == SpanStatus.Error ? 1 : 0;
            kept++;
            added.Add(row);
            errors += error;
            var (ofService, errorsOfService) = services.GetValueOrDefault(row.Resource.Service);
            services[row.Resource.Service] = (ofService + 1, errorsOfService + error);
            replay |= row.IsReplay;
            root = Better(root, row);
            (start, finish) = (Math.Min(start, row.Start), Math.Max(finish, row.Start + Math.Min(row.Duration, long.MaxValue - row.Start)));
        }

        count(Outcome.Kept, kept);
        count(Outcome.TraceTooLarge, tooMany);
        if (root is null)
        {
            return;
        }

        (trace is null ? add.With(2, traceId.ToBytes()).With(3, now) : change)
            .With(1, id).With(4, start).With(5, finish).With(6, root.Name).With(7, origins.IdOf(root.Resource, now)).With(8, root.ParentId is null ? 1 : 0)
            .With(9, kept).With(10, errors).With(11, replay ? 1 : 0)
            .Run();
        foreach (var (service, counted) in services)
        {
            addService.With(1, id).With(2, service).With(3, counted.Spans).With(4, counted.Errors).Run();
        }

        edges.Add(id, traceId, added, isNew: trace is null);
        lastId = Math.Max(lastId, id);
        Remember(traceId, (id, had + kept));
    }

    /// <summary>A trace is named after its root, or until that is there after its earliest span.</summary>
    private static SpanRow Better(SpanRow? best, SpanRow row) =>
        best is null || (row.ParentId is null, -row.Start).CompareTo((best.ParentId is null, -best.Start)) > 0 ? row : best;

    private (long Id, int Spans)? Find(TraceId traceId)
    {
        if (known.TryGetValue(traceId, out var found))
        {
            return found;
        }

        find.With(1, traceId.ToBytes());
        if (!find.Step())
        {
            return null;
        }

        found = (find.Long(0), find.Int(1));
        find.Reset();
        return found;
    }

    private void Remember(TraceId traceId, (long Id, int Spans) trace)
    {
        if (known.Count >= MaxKnown)
        {
            known.Clear();
        }

        known[traceId] = trace;
    }
}
