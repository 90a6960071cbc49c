using System.Text;

namespace FlowPlatform.RabbitMQ.StreamProtocol;

// Stored offsets, super streams and statistics.
public sealed partial class StreamConnection
{
    /// <summary>
    /// Keeps an offset under a reference in the stream itself. Never answered: what fails is in the broker's log only; <see cref="QueryOffsetAsync"/> tells. The last call wins, a lower
    /// offset too, and each may take an offset of the stream for itself: seldom is often enough. For tools that show how far a consumer is; FlowPlatform keeps its own in its stores.
    /// Brokers before 3.13 want write permission for it.
    /// </summary>
    /// <param name="reference">The consumer's name, 1 to 255 bytes.</param>
    /// <param name="stream">What it reads.</param>
    /// <param name="offset">What it has read.</param>
    /// <param name="cancellationToken">Stops waiting for the connection to be free.</param>
    public async ValueTask StoreOffsetAsync(string reference, string stream, long offset, CancellationToken cancellationToken)
    {
        CheckReference(reference);
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        using var frame = new FrameBuffer(StreamCommand.StoreOffset);
        frame.String(reference);
        frame.String(stream);
        frame.UInt64((ulong)offset);
        await WriteAsync(frame, cancellationToken);
    }

    /// <summary>The offset that was last kept under a reference; null if none was.</summary>
    /// <param name="reference">The consumer's name, 1 to 255 bytes.</param>
    /// <param name="stream">What it reads.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    /// <exception cref="StreamResponseException">There is no such stream.</exception>
    public async Task<long?> QueryOffsetAsync(string reference, string stream, CancellationToken cancellationToken)
    {
        CheckReference(reference);
        try
        {
            return await RequestAsync(
                StreamCommand.QueryOffset,
                $"{reference} on {stream}",
                frame =>
                {
                    frame.String(reference);
                    frame.String(stream);
                },
                static (ref reader) => reader.UInt64() is <= long.MaxValue and var offset ? (long)offset : throw new StreamProtocolException("An offset is out of range."),
                options.RequestTimeout,
                cancellationToken);
        }
        catch (StreamResponseException e) when (e.Code == StreamResponseCode.NoOffset)
        {
            return null;
        }
    }

    /// <summary>The streams of a super stream that a routing key leads to, by the broker's bindings. This is the binding's key, an index as a rule; which partition an event's key belongs to is the client's matter.</summary>
    /// <exception cref="StreamResponseException">There is no such super stream.</exception>
    public Task<IReadOnlyList<string>> RouteAsync(string superStream, string routingKey, CancellationToken cancellationToken) =>
        RequestAsync<IReadOnlyList<string>>(
            StreamCommand.Route,
            superStream,
            frame =>
            {
                frame.String(routingKey);
                frame.String(superStream);
            },
            static (ref reader) => reader.Strings(),
            options.RequestTimeout,
            cancellationToken);

    /// <summary>The streams of a super stream in their order.</summary>
    /// <exception cref="StreamResponseException">There is no such super stream.</exception>
    public Task<IReadOnlyList<string>> QueryPartitionsAsync(string superStream, CancellationToken cancellationToken) =>
        RequestAsync<IReadOnlyList<string>>(
            StreamCommand.Partitions, superStream, frame => frame.String(superStream), static (ref reader) => reader.Strings(), options.RequestTimeout, cancellationToken);

    /// <summary>Where a stream begins and ends on this node, which need not be the leader.</summary>
    /// <exception cref="StreamNotSupportedException">The broker is older than 3.11.</exception>
    /// <exception cref="StreamResponseException">There is no such stream, or no member of it here.</exception>
    public Task<StreamStatistics> QueryStatisticsAsync(string stream, CancellationToken cancellationToken) =>
        Supports(StreamCommand.StreamStats)
            ? RequestAsync(StreamCommand.StreamStats, stream, frame => frame.String(stream), ReadStatistics, options.RequestTimeout, cancellationToken)
            : throw new StreamNotSupportedException(nameof(StreamCommand.StreamStats), CommandVersionsSince, PeerVersion);

    internal static StreamStatistics ReadStatistics(ref FrameReader reader)
    {
        var values = new Dictionary<string, long>(StringComparer.Ordinal);
        for (var left = reader.Count(sizeof(ushort) + sizeof(long)); left > 0; left--)
        {
            var name = reader.String();
            values[name] = (long)reader.UInt64();
        }

        return new StreamStatistics(values);
    }

    private static void CheckReference(string reference)
    {
        if (string.IsNullOrEmpty(reference) || Encoding.UTF8.GetByteCount(reference) > 255)
        {
            throw new ArgumentException($"The reference '{reference}' needs 1 to 255 bytes.", nameof(reference));
        }
    }
}
