using System.Text;
using System.Threading.Channels;
using FlowPlatform.Log;
using FlowPlatform.RabbitMQ.Amqp;
using FlowPlatform.RabbitMQ.StreamProtocol;

namespace FlowPlatform.RabbitMQ;

/// <summary>
/// Looks at single places of a stream over a shared connection to its leader (rule W3). Brokers before 3.11 can't be asked where a stream ends, so it is read:
/// a subscription with one credit, then a request; a chunk that is there arrives before the answer to the request. On a replicated stream the last chunk may not be on a majority yet: it is
/// delivered when it is, and nothing before it. And a leader that was just elected delivers nothing at all until a replica has told it how far it is. So nothing is no proof there: see
/// <see cref="IsEmptyAsync"/>.
/// </summary>
/// <param name="connection">To the leader.</param>
/// <param name="partition">The stream.</param>
/// <param name="settling">How long its replicas may still take to find it; null if it has none.</param>
/// <param name="limit">For what the broker must do.</param>
/// <param name="time">The clock of the limits.</param>
internal sealed class LogEnds(StreamConnection connection, PartitionId partition, TimeSpan? settling, TimeSpan limit, TimeProvider time)
{
    private const long FirstStep = 4096;
    private readonly ChunkDecoder decoder = new(partition);

    /// <summary>The first record at or after the offset; null if the stream ends before it.</summary>
    public Task<LogRecord?> FirstFromAsync(long offset) =>
        SubscribedAsync<LogRecord?>(offset == 0 ? StreamOffset.First : StreamOffset.At(offset), 1, async (subscription, chunks) =>
        {
            while (true)
            {
                await AnsweredAsync();
                using var chunk = chunks.TryTake() ?? (settling is not null && await LastOffsetAsync() >= offset ? await chunks.TakeAsync(limit, time) : null);
                if (chunk is null)
                {
                    return null;
                }

                if (Find(chunk, offset, long.MaxValue, null, newest: false) is { } record)
                {
                    return record;
                }

                // The offset lies in a gap: the record is in a later chunk.
                await subscription.CreditAsync(1, CancellationToken.None);
            }
        });

    /// <summary>The newest record, or the newest of a producer; null if there is none, or none in a chunk that is as young as <paramref name="since"/>.</summary>
    public async Task<LogRecord?> LastAsync(string? producer, DateTimeOffset since = default)
    {
        var reference = producer is null ? null : Encoding.UTF8.GetBytes(producer);
        var (found, upper, stored) = await SubscribedAsync<(LogRecord?, long, DateTimeOffset)>(StreamOffset.Last, 1, async (_, chunks) =>
        {
            using var chunk = await TakeLastAsync(chunks);
            return chunk is null ? (null, 0, default) : (Find(chunk, 0, long.MaxValue, reference, newest: true), chunk.FirstOffset, chunk.Timestamp);
        });
        return found ?? (reference is null || stored < since ? null : await LastBeforeAsync(upper, reference, since));
    }

    /// <summary>Offset of the newest record, which is not read itself; -1 if there is none.</summary>
    public Task<long> LastOffsetAsync() =>
        SubscribedAsync(StreamOffset.Last, 1, async (_, chunks) =>
        {
            using var chunk = await TakeLastAsync(chunks);
            return chunk is null ? -1 : chunk.FirstOffset + chunk.RecordCount - 1;
        });

    private async Task<StreamChunk?> TakeLastAsync(Collector chunks)
    {
        await AnsweredAsync();
        return chunks.TryTake() ?? (await IsEmptyAsync() ? null : await chunks.TakeAsync(limit, time));
    }

    /// <summary>Where there are replicas, statistics tell (brokers from 3.11), else time: a stream of which nothing comes while replicas find their leader is taken for empty.</summary>
    private async Task<bool> IsEmptyAsync() => settling is not null && connection.Supports(StreamCommand.StreamStats)
        ? (await connection.QueryStatisticsAsync(partition.Name, CancellationToken.None)).FirstChunkId is null
        : await SubscribedAsync(StreamOffset.First, 1, async (_, chunks) =>
        {
            await AnsweredAsync();
            using var chunk = chunks.TryTake() ?? (settling > TimeSpan.Zero ? await chunks.TryTakeAsync(settling.Value, time) : null);
            return chunk is null;
        });

    /// <summary>Whatever the broker had to send before is here then.</summary>
    private Task<IReadOnlyList<StreamMetadata>> AnsweredAsync() => connection.QueryMetadataAsync([partition.Name], CancellationToken.None);

    /// <summary>Walks back in growing steps; each is read forward, up to where the last one began.</summary>
    private async Task<LogRecord?> LastBeforeAsync(long upper, byte[] producer, DateTimeOffset since)
    {
        for (var step = FirstStep; upper > 0; step *= 4)
        {
            var from = Math.Max(upper - step, 0);
            var (found, lowest, oldest) = await LastBetweenAsync(from, upper, producer);
            if (found is not null || oldest < since)
            {
                return found;
            }

            // Nothing there: the stream may begin later, or the offsets are a gap.
            upper = Math.Min(from, lowest);
        }

        return null;
    }

    private Task<(LogRecord? Found, long Lowest, DateTimeOffset Oldest)> LastBetweenAsync(long from, long upper, byte[] producer) =>
        SubscribedAsync(StreamOffset.At(from), 2, async (subscription, chunks) =>
        {
            LogRecord? found = null;
            DateTimeOffset? oldest = null;
            for (var lowest = long.MaxValue; ;)
            {
                using var chunk = await chunks.TakeAsync(limit, time);
                lowest = Math.Min(lowest, chunk.FirstOffset);
                oldest ??= chunk.Timestamp;
                if (chunk.FirstOffset >= upper)
                {
                    return (found, lowest, oldest.Value);
                }

                found = Find(chunk, 0, upper, producer, newest: true) ?? found;
                await subscription.CreditAsync(1, CancellationToken.None);
            }
        });

    /// <summary>Reads by a subscription, which is ended in any case.</summary>
    private async Task<T> SubscribedAsync<T>(StreamOffset from, ushort credit, Func<StreamSubscription, Collector, Task<T>> read)
    {
        using var chunks = new Collector();
        try
        {
            var subscription = await connection.SubscribeAsync(partition.Name, from, credit, chunks, CancellationToken.None);
            try
            {
                return await read(subscription, chunks);
            }
            finally
            {
                await subscription.UnsubscribeAsync(CancellationToken.None);
            }
        }
        catch (StreamConnectionException) when (chunks.Reason is ChunkException damaged)
        {
            // The connection ended because of a damaged chunk: the chunk is the news.
            throw new ChunkException(damaged.FirstOffset, damaged.Reason, damaged);
        }
    }

    /// <summary>The first or the newest matching record of the chunk. With a producer, others' records are not even decoded.</summary>
    private LogRecord? Find(StreamChunk chunk, long from, long below, byte[]? producer, bool newest)
    {
        using var entries = chunk.Records();
        ReadOnlySpan<byte> match = default;
        var offset = -1L;
        try
        {
            // A packed batch is unpacked into a buffer that the next one overwrites, hence the copy.
            while (entries.MoveNext())
            {
                if (entries.Offset >= from && entries.Offset < below && (producer is null || IsFrom(entries.Current, producer)))
                {
                    match = entries.Packed ? entries.Current.ToArray() : entries.Current;
                    offset = entries.Offset;
                    if (!newest)
                    {
                        break;
                    }
                }
            }

            return offset < 0 ? null : decoder.Decode(chunk, offset, match);
        }
        catch (AmqpFormatException e)
        {
            throw new LogCorruptException(partition, offset, e.Message, e);
        }
    }

    private static bool IsFrom(ReadOnlySpan<byte> message, byte[] producer)
    {
        try
        {
            return AmqpMessage.Parse(message).IsFrom(producer);
        }
        catch (AmqpFormatException)
        {
            // Not even an event: somebody else's.
            return false;
        }
    }

    private sealed class Collector : IChunkObserver, IDisposable
    {
        private readonly Channel<StreamChunk> chunks = Channel.CreateUnbounded<StreamChunk>();

        /// <summary>Why the subscription ended, if it has.</summary>
        public Exception? Reason { get; private set; }

        public StreamChunk? TryTake() => chunks.Reader.TryRead(out var chunk) ? chunk : null;

        public async Task<StreamChunk> TakeAsync(TimeSpan limit, TimeProvider time) =>
            await TryTakeAsync(limit, time) ?? throw new StreamConnectionException($"A chunk that is there didn't come within {limit.TotalSeconds:0.#} s.");

        /// <summary>Waits for a chunk; null if none comes in that time.</summary>
        public async Task<StreamChunk?> TryTakeAsync(TimeSpan within, TimeProvider time)
        {
            using var over = new CancellationTokenSource(within, time);
            try
            {
                return await chunks.Reader.ReadAsync(over.Token);
            }
            catch (OperationCanceledException)
            {
                return null;
            }
            catch (ChannelClosedException e)
            {
                throw new StreamConnectionException($"The subscription ended. {Reason?.Message}", Reason ?? e);
            }
        }

        public void Delivered(StreamChunk chunk)
        {
            if (!chunks.Writer.TryWrite(chunk))
            {
                chunk.Dispose();
            }
        }

        public void Closed(Exception reason)
        {
            Reason = reason;
            chunks.Writer.TryComplete();
        }

        public void Dispose()
        {
            chunks.Writer.TryComplete();
            while (chunks.Reader.TryRead(out var chunk))
            {
                chunk.Dispose();
            }
        }
    }
}
