using FlowPlatform.Dashboard.Streams;
using FlowPlatform.Log;

namespace FlowPlatform.Dashboard.Events;

/// <summary>
/// Reads slices of partitions in the order in which events were stored, under the rate cap. A reader holds two batches at most and each partition one that is looked at; a search is bounded in events and time and says where to go on. Safe for concurrent use.
/// </summary>
internal sealed class EventScan(LogConnection connection, RateCap cap, TimeProvider clock) : IDisposable
{
    /// <summary>Partitions that are read at once; each has a connection.</summary>
    public const int MaxPartitions = 64;

    /// <summary>Searches that run at once, over all browsers; the others wait their turn.</summary>
    private const int MaxConcurrent = 4;

    /// <summary>For the last batch, if the broker or the rate cap lets a search wait.</summary>
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan ReportEvery = TimeSpan.FromMilliseconds(200);
    private readonly SemaphoreSlim places = new(MaxConcurrent, MaxConcurrent);

    /// <summary>Searches.</summary>
    /// <param name="slices">Where.</param>
    /// <param name="takes">What is wanted.</param>
    /// <param name="page">How many at most.</param>
    /// <param name="maxScanned">How many are looked at, at most.</param>
    /// <param name="report">Told of progress, a few times a second.</param>
    /// <param name="stop">Ends it with what was found so far.</param>
    /// <param name="cancellationToken">Ends it with nothing.</param>
    /// <exception cref="EventLogUnavailableException">The log can't be read.</exception>
    public async Task<ScanPage> RunAsync(
        IReadOnlyList<Slice> slices, Func<LogRecord, bool> takes, int page, int maxScanned, Action<ScanProgress>? report, CancellationToken stop, CancellationToken cancellationToken)
    {
        var log = connection.Log ?? throw new EventLogUnavailableException(LogConnection.Missing);
        if (slices.Count > MaxPartitions)
        {
            throw new EventLogUnavailableException($"{slices.Count} partitions can't be read at once; at most {MaxPartitions} can. Choose a stream, or one partition.");
        }

        using var limit = new CancellationTokenSource(EventLimits.MaxTime + Grace, clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(stop, limit.Token, cancellationToken);
        var found = new List<LogRecord>();
        var next = slices.ToDictionary(static slice => slice.Partition, static slice => slice.From.Kind == LogPositionKind.Offset ? slice.From.Value : 0);
        var feeds = new List<ScanFeed>();
        var (end, progress) = (ScanEnd.Complete, default(ScanProgress));
        await places.WaitAsync(cancellationToken);
        try
        {
            var (started, reported) = (clock.GetTimestamp(), clock.GetTimestamp());
            foreach (var slice in slices)
            {
                if (await ScanFeed.OpenAsync(log, slice, cap, either.Token) is { } feed)
                {
                    feeds.Add(feed);
                    await feed.MoveAsync(either.Token);
                }
                else
                {
                    next[slice.Partition] = Math.Max(next[slice.Partition], slice.End + 1);
                }
            }

            while (Earliest(feeds) is { } feed)
            {
                if (found.Count >= page || progress.Scanned >= maxScanned || clock.GetElapsedTime(started) >= EventLimits.MaxTime)
                {
                    end = found.Count >= page ? ScanEnd.PageFull : ScanEnd.Limit;
                    break;
                }

                var record = feed.Current!.Value;
                if (takes(record))
                {
                    found.Add(record);
                }

                progress = new ScanProgress(progress.Scanned + 1, progress.Bytes + record.Event.Data.Length, found.Count, record.Timestamp);
                next[record.Partition] = record.Offset + 1;
                if (clock.GetElapsedTime(reported) >= ReportEvery)
                {
                    reported = clock.GetTimestamp();
                    report?.Invoke(progress);
                }

                await feed.MoveAsync(either.Token);
            }
        }
        catch (OperationCanceledException) when ((stop.IsCancellationRequested || limit.IsCancellationRequested) && !cancellationToken.IsCancellationRequested)
        {
            end = stop.IsCancellationRequested ? ScanEnd.Stopped : ScanEnd.Limit;
        }
        finally
        {
            foreach (var feed in feeds)
            {
                await feed.DisposeAsync();
            }

            places.Release();
        }

        report?.Invoke(progress);
        return new ScanPage(found, progress, end, new ScanCursor(next));
    }

    public void Dispose() => places.Dispose();

    private static ScanFeed? Earliest(List<ScanFeed> feeds)
    {
        ScanFeed? earliest = null;
        foreach (var feed in feeds)
        {
            if (feed.Current is { } record && (earliest is null || record.Timestamp < earliest.Current!.Value.Timestamp))
            {
                earliest = feed;
            }
        }

        return earliest;
    }
}
