using System.Threading.Channels;
using FlowPlatform.Log;
using FlowPlatform.RabbitMQ.StreamProtocol;

namespace FlowPlatform.RabbitMQ;

/// <summary>
/// Reads one partition over a connection of its own. A chunk is a batch; its credit goes back when the batch is disposed, so that what is unread is bounded by the credit.
/// It never reconnects: after a fault it is dead, and its owner recognises the log before it goes on (rule C3).
/// </summary>
internal sealed class RabbitMqPartitionReader : IPartitionReader, IChunkObserver
{
    // Bounded by the credit, which the connection enforces.
    private readonly Channel<StreamChunk> chunks = Channel.CreateUnbounded<StreamChunk>(new UnboundedChannelOptions { SingleReader = false, SingleWriter = true });
    private readonly StreamConnection connection;
    private readonly ChunkDecoder decoder;
    private readonly CreditReturn credit;
    private readonly StallWatch stall;
    private readonly TimeSpan stallTimeout;
    private readonly TimeProvider time;
    private readonly long lowest;
    private long nextOffset;
    private int undisposed;
    private Exception? failure;
    private Exception? closed;
    private Task<bool>? waiting;

    private RabbitMqPartitionReader(PartitionId partition, LogPosition from, StreamConnection connection, StallWatch stall, TimeSpan stallTimeout, TimeProvider time)
    {
        Partition = partition;
        this.connection = connection;
        lowest = from.Kind == LogPositionKind.Offset ? from.Value : 0;
        decoder = new ChunkDecoder(partition);
        credit = new CreditReturn();
        this.stall = stall;
        this.stallTimeout = stallTimeout;
        this.time = time;
    }

    public PartitionId Partition { get; }

    public static async Task<RabbitMqPartitionReader> OpenAsync(
        PartitionId partition, LogPosition from, StreamConnection connection, RabbitMqEventLogOptions options, StallWatch stall, TimeProvider time, CancellationToken cancellationToken)
    {
        var reader = new RabbitMqPartitionReader(partition, from, connection, stall, options.StallTimeout, time);
        var subscription = await connection.SubscribeAsync(partition.Name, Offset(from), options.InitialCredit, reader, cancellationToken);
        reader.credit.Start(subscription);
        return reader;
    }

    public async ValueTask<LogBatch> ReadAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            if (failure is not null)
            {
                throw failure;
            }

            if (!chunks.Reader.TryRead(out var chunk))
            {
                await WaitAsync(cancellationToken);
                continue;
            }

            using (chunk)
            {
                var records = Decode(chunk);
                if (records.Count > 0)
                {
                    Interlocked.Increment(ref undisposed);
                    return new LogBatch(Partition, records, Return);
                }
            }

            if (failure is null)
            {
                credit.Return();
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        failure ??= new EventLogUnavailableException($"{Partition}: the reader was disposed.");
        await connection.DisposeAsync();
        while (chunks.Reader.TryRead(out var chunk))
        {
            chunk.Dispose();
        }
    }

    void IChunkObserver.Delivered(StreamChunk chunk)
    {
        if (!chunks.Writer.TryWrite(chunk))
        {
            chunk.Dispose();
        }
    }

    void IChunkObserver.Closed(Exception reason)
    {
        closed = RabbitMqErrors.Translate(reason, Partition);
        chunks.Writer.TryComplete();
    }

    private static StreamOffset Offset(LogPosition from) => from.Kind switch
    {
        LogPositionKind.First => StreamOffset.First,
        LogPositionKind.Last => StreamOffset.Last,
        LogPositionKind.Next => StreamOffset.Next,
        LogPositionKind.Offset => StreamOffset.At(from.Value),
        LogPositionKind.Timestamp => StreamOffset.Since(DateTimeOffset.FromUnixTimeMilliseconds(from.Value)),
        _ => throw new ArgumentOutOfRangeException(nameof(from), from.Kind, "Unknown kind of position."),
    };

    private async ValueTask WaitAsync(CancellationToken cancellationToken)
    {
        // One wait at a time, which outlives a call that is cancelled.
        waiting ??= chunks.Reader.WaitToReadAsync(CancellationToken.None).AsTask();
        try
        {
            var more = await waiting.WaitAsync(stallTimeout, time, cancellationToken);
            waiting = null;
            failure = more ? null : closed ?? new EventLogUnavailableException($"{Partition}: the reader has ended.");
        }
        catch (TimeoutException) when (Volatile.Read(ref undisposed) > 0)
        {
            // Nothing comes because the user is busy with what came: that is back-pressure.
            stall.Forget();
        }
        catch (TimeoutException)
        {
            var stalled = await stall.LookAsync(nextOffset, cancellationToken);

            // What has come during the look is no stall.
            failure = chunks.Reader.TryPeek(out _) ? null : stalled;
        }
    }

    private void Return()
    {
        Interlocked.Decrement(ref undisposed);
        credit.Return();
    }

    /// <summary>The chunk's records that were asked for. What is broken is kept for the next call if sound records came before it.</summary>
    private List<LogRecord> Decode(StreamChunk chunk)
    {
        if (chunk.FirstOffset < nextOffset)
        {
            failure = new LogCorruptException(Partition, chunk.FirstOffset, $"a chunk starts there, and {nextOffset} was next.");
            return [];
        }

        var records = decoder.Decode(chunk, lowest, out var broken);
        failure = broken;
        nextOffset = chunk.FirstOffset + Math.Max(chunk.RecordCount, 1);
        return records;
    }
}
