namespace FlowPlatform.Dashboard.Traces;

/// <summary>Puts spans into the order of a waterfall.</summary>
internal static class SpanTree
{
    /// <summary>Each below its parent, brothers by start. Spans may say anything of their parents: circles are broken, and nothing is lost.</summary>
    public static IReadOnlyList<TraceSpan> Order(IReadOnlyList<TraceSpan> spans)
    {
        var present = spans.Select(static span => span.Id).ToHashSet();
        var sorted = spans.OrderBy(static span => span.Start).ThenByDescending(static span => span.Duration).ThenBy(static span => span.Id.Value).ToList();
        var children = sorted.Where(span => span.ParentId is { } parent && present.Contains(parent)).ToLookup(static span => span.ParentId!.Value);
        var ordered = new List<TraceSpan>(spans.Count);
        var placed = new HashSet<SpanId>();
        foreach (var span in sorted.Where(span => span.ParentId is not { } parent || !present.Contains(parent)))
        {
            Place(span with { IsOrphan = span.ParentId is not null });
        }

        foreach (var span in sorted.Where(span => !placed.Contains(span.Id)))
        {
            Place(span with { IsOrphan = true });
        }

        return ordered;

        // With a stack of its own: a trace may be 10,000 spans deep.
        void Place(TraceSpan root)
        {
            var waiting = new Stack<TraceSpan>([root]);
            while (waiting.TryPop(out var span))
            {
                if (!placed.Add(span.Id))
                {
                    continue;
                }

                ordered.Add(span);
                foreach (var child in children[span.Id].Reverse())
                {
                    waiting.Push(child with { Depth = span.Depth + 1 });
                }
            }
        }
    }
}
