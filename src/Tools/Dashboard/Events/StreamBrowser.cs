using FlowPlatform.Dashboard.Streams;
using FlowPlatform.Log;

namespace FlowPlatform.Dashboard.Events;

/// <summary>What is to be shown of a stream.</summary>
/// <param name="Stream">Name of the stream.</param>
/// <param name="Partition">One of its partitions; null: all.</param>
/// <param name="Filter">Which events.</param>
/// <param name="Page">How many at most.</param>
internal sealed record BrowseRequest(string Stream, int? Partition, EventFilter Filter, int Page)
{
    /// <summary>Forward from this time; null: not by time.</summary>
    public DateTimeOffset? From { get; init; }

    /// <summary>Forward from this offset of <see cref="Partition"/>; null: not by offset.</summary>
    public long? Offset { get; init; }

    /// <summary>Forward from where a search before has come; null: from the beginning of the search.</summary>
    public ScanCursor? Next { get; init; }

    /// <summary>Backward from where a page before began; null: from the log's end, unless it goes forward.</summary>
    public ScanCursor? Before { get; init; }

    public bool Forward => From is not null || Offset is not null || Next is not null;
}

/// <summary>A page of a stream.</summary>
/// <param name="Events">Newest first where it goes backward, else in order.</param>
/// <param name="Progress">What was looked at.</param>
/// <param name="End">Why it ended.</param>
/// <param name="More">Where to go on, in the direction of the request; null at the end.</param>
internal sealed record BrowsePage(IReadOnlyList<LogRecord> Events, ScanProgress Progress, ScanEnd End, ScanCursor? More);

/// <summary>Shows streams to people: newest first, or forward from a time, an offset or where an earlier page ended. Safe for concurrent use.</summary>
internal sealed class StreamBrowser(LogConnection connection, EventScan scan)
{
    /// <summary>Backward the log can't be read: so many events are looked at forward for one page, if they are filtered.</summary>
    private const int Window = 20_000;

    /// <exception cref="StreamNotFoundException">There is no such stream.</exception>
    /// <exception cref="FlowException">The log can't be read.</exception>
    public async Task<BrowsePage> BrowseAsync(BrowseRequest request, Action<ScanProgress>? report, CancellationToken stop, CancellationToken cancellationToken)
    {
        var page = Math.Clamp(request.Page, 1, EventLimits.MaxPage);
        var ends = await EndsAsync(request, cancellationToken);
        return request.Forward ? await ForwardAsync(request, page, ends, report, stop, cancellationToken) : await BackwardAsync(request, page, ends, report, stop, cancellationToken);
    }

    /// <summary>One event by its place; null if the partition ends before it.</summary>
    /// <exception cref="FlowException">The log can't be read.</exception>
    public async Task<LogRecord?> FindAsync(PartitionId partition, long offset, CancellationToken cancellationToken)
    {
        var record = await Log.ReadAtAsync(partition, offset, cancellationToken);
        return record?.Offset == offset ? record : null;
    }

    /// <summary>The last record of each partition; partitions that are empty are left out.</summary>
    public async Task<IReadOnlyList<LogRecord>> EndsAsync(IEnumerable<PartitionId> partitions, CancellationToken cancellationToken)
    {
        var ends = new List<LogRecord>();
        foreach (var partition in partitions)
        {
            if (await Log.ReadLastAsync(partition, cancellationToken) is { } last)
            {
                ends.Add(last);
            }
        }

        return ends;
    }

    private IEventLog Log => connection.Log ?? throw new EventLogUnavailableException(LogConnection.Missing);

    private async Task<IReadOnlyList<LogRecord>> EndsAsync(BrowseRequest request, CancellationToken cancellationToken)
    {
        if (!StreamDefinition.IsValidName(request.Stream))
        {
            throw new StreamNotFoundException(request.Stream);
        }

        var count = await Log.GetPartitionCountAsync(request.Stream, cancellationToken);
        var wanted = request.Partition ?? (request.Filter.Key is { } key ? Partitioner.PartitionOf(key, count) : null);
        return wanted >= count ? throw new StreamNotFoundException($"{request.Stream}-{wanted}")
            : await EndsAsync(wanted is { } one ? [new PartitionId(request.Stream, one)] : Enumerable.Range(0, count).Select(index => new PartitionId(request.Stream, index)), cancellationToken);
    }

    private async Task<BrowsePage> ForwardAsync(BrowseRequest request, int page, IReadOnlyList<LogRecord> ends, Action<ScanProgress>? report, CancellationToken stop, CancellationToken cancellationToken)
    {
        List<Slice> slices = [.. ends.Select(end => new Slice(end.Partition, StartOf(request, end), end.Offset)).Where(static slice => slice.From.Kind != LogPositionKind.Next)];
        var found = await scan.RunAsync(slices, record => request.Filter.Takes(record.Event), page, EventLimits.MaxScanned, report, stop, cancellationToken);
        return new BrowsePage(found.Events, found.Progress, found.End, found.End == ScanEnd.Complete ? null : found.Next);
    }

    /// <summary>A reader that starts past the end would wait for what comes: that is no slice.</summary>
    private static LogPosition StartOf(BrowseRequest request, LogRecord end)
    {
        if (request.Next is { } next)
        {
            return next.Next.TryGetValue(end.Partition, out var offset) && offset <= end.Offset ? LogPosition.At(offset) : LogPosition.Next;
        }

        if (request.Offset is { } from)
        {
            return from <= end.Offset ? LogPosition.At(Math.Max(0, from)) : LogPosition.Next;
        }

        return request.From <= end.Timestamp ? new LogPosition(LogPositionKind.Timestamp, Math.Max(0, request.From!.Value.ToUnixTimeMilliseconds())) : LogPosition.Next;
    }

    private async Task<BrowsePage> BackwardAsync(BrowseRequest request, int page, IReadOnlyList<LogRecord> ends, Action<ScanProgress>? report, CancellationToken stop, CancellationToken cancellationToken)
    {
        var high = new Dictionary<PartitionId, long>();
        foreach (var end in ends)
        {
            high[end.Partition] = request.Before is { } before ? before.Next.GetValueOrDefault(end.Partition, -1) : end.Offset;
        }

        var window = request.Filter.Any ? Math.Max(page, Window / Math.Max(1, ends.Count)) : page;
        List<Slice> slices = [.. high.Where(static part => part.Value >= 0).Select(part => new Slice(part.Key, LogPosition.At(Math.Max(0, part.Value - window + 1)), part.Value))];
        var found = await scan.RunAsync(slices, record => request.Filter.Takes(record.Event), int.MaxValue, EventLimits.MaxScanned, report, stop, cancellationToken);
        List<LogRecord> shown = [.. found.Events.Reverse().Take(page)];
        var rest = found.Events.Take(found.Events.Count - shown.Count).Select(static record => record.Partition).ToHashSet();
        var older = new Dictionary<PartitionId, long>();
        foreach (var slice in slices)
        {
            var own = shown.Where(record => record.Partition == slice.Partition).Select(static record => record.Offset).ToList();
            older[slice.Partition] = rest.Contains(slice.Partition) ? (own.Count > 0 ? own.Min() - 1 : slice.End) : slice.From.Value - 1;
        }

        var more = older.Where(static part => part.Value >= 0).ToDictionary();
        return new BrowsePage(shown, found.Progress, found.End, more.Count > 0 ? new ScanCursor(more) : null);
    }
}
