using FlowPlatform.Log;

namespace FlowPlatform.Dashboard.Events;

/// <summary>An event and what it caused.</summary>
internal sealed record CausationNode(LogRecord Record, int Depth);

/// <summary>What an event caused, as far as it was looked for.</summary>
/// <param name="Nodes">The event first, each followed by what it caused, in the order of the log.</param>
/// <param name="Related">Events of the same conversation whose cause was not found.</param>
/// <param name="Progress">What was looked at.</param>
/// <param name="End">Why it ended.</param>
/// <param name="Until">Up to when, in the log's time, was looked.</param>
internal sealed record CausationTree(IReadOnlyList<CausationNode> Nodes, IReadOnlyList<LogRecord> Related, ScanProgress Progress, ScanEnd End, DateTimeOffset Until)
{
    /// <summary>Puts events under their causes.</summary>
    public static CausationTree Of(LogRecord root, ScanPage page, DateTimeOffset until)
    {
        var byCause = page.Events.Where(record => record.Event.Id != root.Event.Id).ToLookup(static record => record.Event.CausationId ?? "");
        var (nodes, placed) = (new List<CausationNode>(), new HashSet<string>(StringComparer.Ordinal));
        var open = new Stack<CausationNode>([new CausationNode(root, 0)]);
        while (open.TryPop(out var node))
        {
            // An event that was stored twice is shown once.
            if (!placed.Add(node.Record.Event.Id))
            {
                continue;
            }

            nodes.Add(node);
            foreach (var effect in byCause[node.Record.Event.Id].Reverse())
            {
                open.Push(new CausationNode(effect, node.Depth + 1));
            }
        }

        return new CausationTree(nodes, [.. page.Events.Where(record => placed.Add(record.Event.Id))], page.Progress, page.End, until);
    }
}
