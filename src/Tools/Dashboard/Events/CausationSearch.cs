using FlowPlatform.Dashboard.Streams;
using FlowPlatform.Log;

namespace FlowPlatform.Dashboard.Events;

/// <summary>Looks in all streams for what an event caused, within a time after it. Safe for concurrent use.</summary>
internal sealed class CausationSearch(StreamBrowser browser, EventScan scan, FlowBoard board)
{
    /// <summary>Events of a tree.</summary>
    private const int MaxFound = 500;

    /// <summary>Looks.</summary>
    /// <param name="root">The event.</param>
    /// <param name="window">How long after it, in the log's time.</param>
    /// <param name="report">Told of progress.</param>
    /// <param name="stop">Ends it with what was found so far.</param>
    /// <param name="cancellationToken">Ends it with nothing.</param>
    /// <exception cref="FlowException">The log can't be read.</exception>
    public async Task<CausationTree> RunAsync(LogRecord root, TimeSpan window, Action<ScanProgress>? report, CancellationToken stop, CancellationToken cancellationToken)
    {
        var until = root.Timestamp + window;
        var ends = await browser.EndsAsync(board.Known.Append(root.Partition).Distinct(), cancellationToken);
        var start = new LogPosition(LogPositionKind.Timestamp, Math.Max(0, root.Timestamp.ToUnixTimeMilliseconds()));
        List<Slice> slices = [.. ends.Where(end => end.Timestamp >= root.Timestamp).Select(end => new Slice(end.Partition, start, end.Offset))];

        // Effects come after their causes, so that one pass in the order of time finds effects of effects; the conversation's id finds what comes of a cause that is not in a stream.
        var known = new HashSet<string>(StringComparer.Ordinal) { root.Event.Id };
        var past = new CancellationTokenSource();
        using var either = CancellationTokenSource.CreateLinkedTokenSource(stop, past.Token);
        var page = await scan.RunAsync(slices, Takes, MaxFound, EventLimits.MaxScanned, report, either.Token, cancellationToken);
        var ended = past.IsCancellationRequested && page.End == ScanEnd.Stopped ? page with { End = ScanEnd.Complete } : page;
        past.Dispose();
        return CausationTree.Of(root, ended, until);

        bool Takes(LogRecord record)
        {
            if (record.Timestamp > until)
            {
                // In the order of time everything that follows is later.
                past.Cancel();
                return false;
            }

            var @event = record.Event;
            var related = (@event.CausationId is { } cause && known.Contains(cause)) || (@event.CorrelationId is { } conversation && conversation == root.Event.CorrelationId);
            return related && known.Add(@event.Id) && @event.Id != root.Event.Id;
        }
    }
}
