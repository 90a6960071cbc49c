using FlowPlatform.Dashboard.Storage;

namespace FlowPlatform.Dashboard.Traces;

/// <summary>
/// Finds as spans come in, in whatever order, who talks to whom, and counts it. What a later span proves to be something else is taken back, and so is what goes: the sums are those of the spans that are kept.
/// Not safe for concurrent use.
/// </summary>
internal sealed class EdgeCounting(SignalConnection connection)
{
    private readonly EdgeSums sums = new(connection);
    private readonly EdgeSpans spans = new(connection);

    /// <summary>Counts spans that were just added to their trace.</summary>
    /// <param name="trace">Number of the trace.</param>
    /// <param name="traceId">Its id.</param>
    /// <param name="added">The spans; no other of the trace is new.</param>
    /// <param name="isNew">Whether the trace has no other spans.</param>
    public void Add(long trace, TraceId traceId, IReadOnlyList<SpanRow> added, bool isNew)
    {
        var byId = added.ToDictionary(static row => row.SpanId.Signed, row => EdgeSpan.Of(trace, row));
        foreach (var span in byId.Values)
        {
            sums.Add(Own(span));
            if (span is { Kind: SpanKind.Server or SpanKind.Consumer, Parent: { } id })
            {
                var parent = byId.GetValueOrDefault(id) ?? (isNew ? null : spans.Find(trace, id));
                if (parent is not null)
                {
                    CountReached(traceId, parent, span);
                }
            }
            else if (span is { Kind: SpanKind.Client, Peer: { } peer } && !spans.IsAnswered(span))
            {
                var (name, database) = Peers.Parse(peer);
                Count(span, new EdgeKey(span.Service, name, database ? EdgeKind.Database : EdgeKind.External, null, span.IsReplay), span.Duration);
            }

            foreach (var child in isNew ? [] : spans.ReachedBy(span).Where(child => !byId.ContainsKey(child)))
            {
                CountReached(traceId, span, spans.Find(trace, child)!);
            }
        }

        AddLinks(traceId, added, byId);
    }

    /// <summary>Takes back what the traces up to one were counted for, before they go.</summary>
    public void RemoveUpTo(long trace)
    {
        foreach (var span in spans.UpTo(trace))
        {
            sums.Remove(Own(span));
            if (span.Counts is { } counted)
            {
                sums.Remove(counted);
            }
        }

        foreach (var counted in spans.LinksUpTo(trace))
        {
            sums.Remove(counted);
        }
    }

    /// <summary>Writes the sums, in the transaction that is open.</summary>
    public void Write() => sums.Write();

    /// <summary>After a rollback.</summary>
    public void Reset() => sums.Reset();

    private Counted Own(EdgeSpan span) => new(sums.IdOf(EdgeKey.Own(span.Service)), 0, span.Start, span.Failed);

    /// <summary>A server's or consumer's span and what it comes of are both there.</summary>
    private void CountReached(TraceId traceId, EdgeSpan parent, EdgeSpan span)
    {
        var messaging = span.Kind == SpanKind.Consumer;
        if (messaging && parent.Kind == SpanKind.Producer)
        {
            UncountLinks(traceId, parent, span.Service);
        }
        else if (!messaging && parent is { Kind: SpanKind.Client, Counts: { } outside })
        {
            // Whoever was called does send telemetry.
            sums.Remove(outside);
            spans.Set(parent, null);
        }

        if (messaging || parent.Service != span.Service)
        {
            var key = new EdgeKey(parent.Service, span.Service, messaging ? EdgeKind.Message : EdgeKind.Call, messaging ? span.Destination : null, span.IsReplay);
            Count(span, key, span.Start + span.Duration - parent.Start);
        }
    }

    /// <summary>A batch, or a replay, links to what was in it, which may come in after it.</summary>
    private void AddLinks(TraceId traceId, IReadOnlyList<SpanRow> added, Dictionary<long, EdgeSpan> byId)
    {
        foreach (var row in added)
        {
            var span = byId[row.SpanId.Signed];
            if (span.Kind == SpanKind.Producer)
            {
                spans.LinkedTo(traceId, span.Id).Where(static linking => linking.Counts is null).ToList().ForEach(linking => CountLink(linking, traceId, span));
            }
            else if (span.Kind == SpanKind.Consumer)
            {
                foreach (var (targetTrace, target) in row.LinkTargets.Distinct())
                {
                    // A sender that came with it finds the link itself.
                    if (spans.Sender(targetTrace, target.Signed) is { } sender && (sender.Trace != span.Trace || !byId.ContainsKey(sender.Id)))
                    {
                        CountLink(span, targetTrace, sender);
                    }
                }
            }
        }
    }

    /// <summary>What was counted below the sender's span is not counted again.</summary>
    private void CountLink(EdgeSpan linking, TraceId targetTrace, EdgeSpan sender)
    {
        if (!linking.IsReplay && spans.IsTaken(sender, linking.Service))
        {
            return;
        }

        var key = new EdgeKey(sender.Service, linking.Service, EdgeKind.Message, linking.Destination ?? sender.Destination, linking.IsReplay);
        var counted = new Counted(sums.IdOf(key), DurationCounts.BucketOf(linking.Start + linking.Duration - sender.Start), linking.Start, linking.Failed);
        sums.Add(counted);
        spans.SetLink(linking, targetTrace, sender.Id, counted);
    }

    private void UncountLinks(TraceId traceId, EdgeSpan sender, string service)
    {
        foreach (var linking in spans.LinkedTo(traceId, sender.Id).Where(linking => linking.Counts is not null && !linking.IsReplay && linking.Service == service))
        {
            sums.Remove(linking.Counts!.Value);
            spans.SetLink(linking, traceId, sender.Id, null);
        }
    }

    private void Count(EdgeSpan span, EdgeKey key, long nanos)
    {
        var counted = new Counted(sums.IdOf(key), DurationCounts.BucketOf(nanos), span.Start, span.Failed);
        sums.Add(counted);
        spans.Set(span, counted);
    }
}
