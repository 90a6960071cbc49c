using FlowPlatform.Log;

namespace FlowPlatform.Dashboard.Events;

/// <summary>One slice of a partition, record by record. Not safe for concurrent use.</summary>
internal sealed class ScanFeed : IAsyncDisposable
{
    private readonly IPartitionReader reader;
    private readonly RateCap cap;
    private readonly long end;
    private LogBatch? batch;
    private int index;

    private ScanFeed(IPartitionReader reader, RateCap cap, long end) => (this.reader, this.cap, this.end) = (reader, cap, end);

    /// <summary>The record that is next; null at the end.</summary>
    public LogRecord? Current { get; private set; }

    /// <summary>Opens it; null if there is nothing in it.</summary>
    public static async Task<ScanFeed?> OpenAsync(IEventLog log, Slice slice, RateCap cap, CancellationToken cancellationToken) =>
        slice.End < 0 || (slice.From.Kind == LogPositionKind.Offset && slice.From.Value > slice.End)
            ? null
            : new ScanFeed(await log.OpenReaderAsync(slice.Partition, slice.From, cancellationToken), cap, slice.End);

    /// <summary>Goes on to the next record. A batch that is done with goes back only when it is paid for.</summary>
    public async ValueTask MoveAsync(CancellationToken cancellationToken)
    {
        if (batch is not null && ++index >= batch.Records.Count)
        {
            var last = batch.Records[^1].Offset;
            await PayAsync(cancellationToken);
            if (last >= end)
            {
                Current = null;
                return;
            }
        }

        if (batch is null)
        {
            if (Current is { } done && done.Offset >= end)
            {
                Current = null;
                return;
            }

            batch = await reader.ReadAsync(cancellationToken);
            index = 0;
        }

        Current = batch.Records[index].Offset <= end ? batch.Records[index] : null;
    }

    public async ValueTask DisposeAsync()
    {
        batch?.Dispose();
        await reader.DisposeAsync();
    }

    private async ValueTask PayAsync(CancellationToken cancellationToken)
    {
        await cap.TakeAsync(batch!.Records.Count, batch.Records.Sum(static record => (long)record.Event.Data.Length), cancellationToken);
        batch.Dispose();
        batch = null;
    }
}
