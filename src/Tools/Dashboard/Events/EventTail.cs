using System.Threading.Channels;
using FlowPlatform.Dashboard.Streams;
using FlowPlatform.Log;

namespace FlowPlatform.Dashboard.Events;

/// <summary>
/// What comes in a stream from now on, for one who looks. Between the readers and who looks is a buffer of 200 events; when that is full, or nobody takes anything, the readers stand still, and the broker sends them no more. Dispose it to
/// let go of the connections. Not safe for concurrent calls.
/// </summary>
internal sealed class EventTail : IAsyncDisposable
{
    private const int Buffer = 200;
    private readonly CancellationTokenSource stop = new();
    private readonly Channel<LogRecord> events = Channel.CreateBounded<LogRecord>(new BoundedChannelOptions(Buffer) { SingleReader = true });
    private readonly List<IPartitionReader> readers;
    private readonly RateCap cap;
    private readonly EventFilter filter;
    private readonly Task reading;

    private EventTail(List<IPartitionReader> readers, RateCap cap, EventFilter filter)
    {
        (this.readers, this.cap, this.filter) = (readers, cap, filter);
        reading = ReadAllAsync();
    }

    /// <summary>Attaches to the end of a stream, or of one of its partitions. All events of a key are in one.</summary>
    /// <exception cref="StreamNotFoundException">There is no such stream, or no such partition.</exception>
    /// <exception cref="FlowException">The log can't be read.</exception>
    public static async Task<EventTail> OpenAsync(LogConnection connection, RateCap cap, string stream, int? partition, EventFilter filter, CancellationToken cancellationToken)
    {
        var log = connection.Log ?? throw new EventLogUnavailableException(LogConnection.Missing);
        var count = await log.GetPartitionCountAsync(stream, cancellationToken);
        var wanted = partition ?? (filter.Key is { } key ? Partitioner.PartitionOf(key, count) : null);
        return wanted >= count ? throw new StreamNotFoundException($"{stream}-{wanted}")
            : await OpenAsync(connection, cap, [.. (wanted is { } one ? [one] : Enumerable.Range(0, count)).Select(index => new PartitionId(stream, index))], filter, cancellationToken);
    }

    /// <summary>Attaches to the end of partitions.</summary>
    /// <exception cref="FlowException">The log can't be read.</exception>
    public static async Task<EventTail> OpenAsync(LogConnection connection, RateCap cap, IReadOnlyList<PartitionId> partitions, EventFilter filter, CancellationToken cancellationToken)
    {
        var log = connection.Log ?? throw new EventLogUnavailableException(LogConnection.Missing);
        if (partitions.Count > EventScan.MaxPartitions)
        {
            throw new EventLogUnavailableException($"{partitions.Count} partitions can't be followed at once; at most {EventScan.MaxPartitions} can. Choose one partition.");
        }

        var readers = new List<IPartitionReader>();
        try
        {
            foreach (var partition in partitions)
            {
                readers.Add(await log.OpenReaderAsync(partition, LogPosition.Next, cancellationToken));
            }

            return new EventTail(readers, cap, filter);
        }
        catch
        {
            foreach (var reader in readers)
            {
                await reader.DisposeAsync();
            }

            throw;
        }
    }

    /// <summary>Waits for the next events, and gives all that are there, up to a number.</summary>
    /// <returns>Empty: it has ended.</returns>
    /// <exception cref="FlowException">The log went away.</exception>
    public async Task<IReadOnlyList<LogRecord>> ReadAsync(int max, CancellationToken cancellationToken)
    {
        var found = new List<LogRecord>();
        if (await events.Reader.WaitToReadAsync(cancellationToken))
        {
            while (found.Count < max && events.Reader.TryRead(out var record))
            {
                found.Add(record);
            }
        }

        return found;
    }

    public async ValueTask DisposeAsync()
    {
        await stop.CancelAsync();
        await reading;
        foreach (var reader in readers)
        {
            await reader.DisposeAsync();
        }

        stop.Dispose();
    }

    /// <summary>Ends when the first reader fails, or when it is stopped; who reads is told why.</summary>
    private async Task ReadAllAsync()
    {
        var parts = readers.Select(ReadAsync).ToList();
        var first = await Task.WhenAny(parts);
        events.Writer.TryComplete(first.Exception?.InnerException);
        await stop.CancelAsync();
        foreach (var part in parts)
        {
            await part.ContinueWith(static ended => ended.Exception, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
        }
    }

    private async Task ReadAsync(IPartitionReader reader)
    {
        while (!stop.IsCancellationRequested)
        {
            using var batch = await reader.ReadAsync(stop.Token);
            foreach (var record in batch.Records)
            {
                if (filter.Takes(record.Event))
                {
                    await events.Writer.WriteAsync(record, stop.Token);
                }
            }

            await cap.TakeAsync(batch.Records.Count, batch.Records.Sum(static record => (long)record.Event.Data.Length), stop.Token);
        }
    }
}
