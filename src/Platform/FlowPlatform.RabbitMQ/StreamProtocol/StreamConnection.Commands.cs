using System.Text;
using System.Text.RegularExpressions;

namespace FlowPlatform.RabbitMQ.StreamProtocol;

// The commands that are answered.
public sealed partial class StreamConnection
{
    /// <summary>Creates a stream.</summary>
    /// <param name="stream">Its name.</param>
    /// <param name="arguments">As the broker documents them, e.g. <c>max-age</c> (<c>24h</c>), <c>max-length-bytes</c>. It ignores unknown ones.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    /// <exception cref="ArgumentException">max-age is malformed: brokers take that silently and keep everything.</exception>
    /// <exception cref="StreamResponseException">The stream exists, or the broker refuses the arguments.</exception>
    public Task CreateStreamAsync(string stream, IReadOnlyDictionary<string, string> arguments, CancellationToken cancellationToken)
    {
        if (arguments.TryGetValue("max-age", out var age) && !ValidMaxAge().IsMatch(age))
        {
            throw new ArgumentException($"max-age '{age}' is no age: digits and one of Y, M, D, h, m, s.", nameof(arguments));
        }

        return RequestAsync(
            StreamCommand.Create,
            stream,
            frame =>
            {
                frame.String(stream);
                frame.Map(arguments);
            },
            cancellationToken);
    }

    /// <summary>Deletes a stream and all its data.</summary>
    /// <exception cref="StreamResponseException">There is no such stream.</exception>
    public Task DeleteStreamAsync(string stream, CancellationToken cancellationToken) =>
        RequestAsync(StreamCommand.Delete, stream, frame => frame.String(stream), cancellationToken);

    /// <summary>Asks where streams live, in the order asked. The answer is a hint: it may be stale.</summary>
    public Task<IReadOnlyList<StreamMetadata>> QueryMetadataAsync(IReadOnlyCollection<string> streams, CancellationToken cancellationToken) =>
        RequestAsync(
            StreamCommand.Metadata,
            string.Join(", ", streams),
            frame =>
            {
                frame.UInt32((uint)streams.Count);
                foreach (var stream in streams)
                {
                    frame.String(stream);
                }
            },
            (ref reader) => ReadMetadata(ref reader, streams),
            options.RequestTimeout,
            cancellationToken);

    /// <summary>The greatest publishing id that the stream has stored from this reference; 0 also means unknown.</summary>
    public Task<ulong> QueryPublisherSequenceAsync(string reference, string stream, CancellationToken cancellationToken) =>
        RequestAsync(
            StreamCommand.QueryPublisherSequence,
            $"{reference} on {stream}",
            frame =>
            {
                frame.String(reference);
                frame.String(stream);
            },
            static (ref reader) => reader.UInt64(),
            options.RequestTimeout,
            cancellationToken);

    /// <summary>Registers a publisher.</summary>
    /// <param name="stream">Where it publishes.</param>
    /// <param name="reference">At most 255 bytes; the broker drops ids that it has from it already. Null or empty: no such check.</param>
    /// <param name="observer">Told of confirmations.</param>
    /// <param name="cancellationToken">Stops waiting; the publisher may then exist until the connection ends.</param>
    public async Task<StreamPublisher> DeclarePublisherAsync(string stream, string? reference, IPublishObserver observer, CancellationToken cancellationToken)
    {
        if (reference is not null && Encoding.UTF8.GetByteCount(reference) > 255)
        {
            throw new ArgumentException($"The publisher reference '{reference}' is longer than 255 bytes.", nameof(reference));
        }

        var publisher = Register(publishers, id => new StreamPublisher(this, id, stream, observer));
        try
        {
            await RequestAsync(
                StreamCommand.DeclarePublisher,
                stream,
                frame =>
                {
                    frame.Byte(publisher.Id);
                    // Empty, not null: brokers of 3.10 take a null here for an unknown frame.
                    frame.String(reference ?? string.Empty);
                    frame.String(stream);
                },
                cancellationToken);
            return publisher;
        }
        catch (StreamResponseException)
        {
            Volatile.Write(ref publishers[publisher.Id], null);
            throw;
        }
    }

    /// <summary>
    /// Starts the delivery of chunks. Brokers from 3.11 on hold chunks back until more than half of the credit asked for at first is free; so one is asked for at first
    /// and the rest right after, and every single credit counts.
    /// </summary>
    /// <param name="stream">What to read; this node must have a member of it.</param>
    /// <param name="from">Where to start.</param>
    /// <param name="credit">Number of chunks, at least 1, that the broker may send before <see cref="StreamSubscription.CreditAsync"/> allows more.</param>
    /// <param name="observer">Given the chunks.</param>
    /// <param name="cancellationToken">Stops waiting; the subscription may then exist until the connection ends.</param>
    public async Task<StreamSubscription> SubscribeAsync(string stream, StreamOffset from, ushort credit, IChunkObserver observer, CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfZero(credit);
        var subscription = Register(subscriptions, id => new StreamSubscription(this, id, stream, 1, observer));
        try
        {
            await RequestAsync(
                StreamCommand.Subscribe,
                stream,
                frame =>
                {
                    frame.Byte(subscription.Id);
                    frame.String(stream);
                    frame.UInt16(from.Type);
                    if (from.HasValue)
                    {
                        frame.UInt64((ulong)from.Value);
                    }

                    frame.UInt16(1);
                },
                cancellationToken);
            if (credit > 1)
            {
                await subscription.CreditAsync((ushort)(credit - 1), cancellationToken);
            }

            return subscription;
        }
        catch (StreamResponseException)
        {
            Volatile.Write(ref subscriptions[subscription.Id], null);
            throw;
        }
    }

    internal async Task DeletePublisherAsync(StreamPublisher publisher, CancellationToken cancellationToken)
    {
        await RequestAsync(StreamCommand.DeletePublisher, publisher.Stream, frame => frame.Byte(publisher.Id), cancellationToken);
        Volatile.Write(ref publishers[publisher.Id], null);
    }

    internal async Task UnsubscribeAsync(StreamSubscription subscription, CancellationToken cancellationToken)
    {
        try
        {
            await RequestAsync(StreamCommand.Unsubscribe, subscription.Stream, frame => frame.Byte(subscription.Id), cancellationToken);
        }
        catch (StreamResponseException e) when (e.Code == StreamResponseCode.SubscriptionIdDoesNotExist)
        {
            // The broker dropped it when the stream moved: gone is what was wanted.
            subscription.Close(e);
        }

        Volatile.Write(ref subscriptions[subscription.Id], null);
    }

    internal async ValueTask CreditAsync(StreamSubscription subscription, ushort credit, CancellationToken cancellationToken)
    {
        using var frame = new FrameBuffer(StreamCommand.Credit, 16);
        frame.Byte(subscription.Id);
        frame.UInt16(credit);
        await WriteAsync(frame, cancellationToken);
    }

    internal ValueTask SendAsync(FrameBuffer frame, CancellationToken cancellationToken) => WriteAsync(frame, cancellationToken);

    internal static IReadOnlyList<StreamMetadata> ReadMetadata(ref FrameReader reader, IReadOnlyCollection<string> asked)
    {
        var brokers = new Dictionary<ushort, StreamEndpoint>();
        for (var left = reader.Count(8); left > 0; left--)
        {
            var reference = reader.UInt16();
            var host = reader.String();
            var port = reader.UInt32();
            if (port is 0 or > ushort.MaxValue || host.Length == 0)
            {
                throw new StreamProtocolException($"Metadata names the host '{host}' with the port {port}.");
            }

            brokers[reference] = new StreamEndpoint(host, (int)port);
        }

        var found = new Dictionary<string, StreamMetadata>(StringComparer.Ordinal);
        for (var left = reader.Count(10); left > 0; left--)
        {
            var name = reader.String();
            var code = reader.Code();
            StreamEndpoint? leader = brokers.TryGetValue(reader.UInt16(), out var node) ? node : null;
            var replicas = new List<StreamEndpoint>();
            for (var members = reader.Count(sizeof(ushort)); members > 0; members--)
            {
                if (brokers.TryGetValue(reader.UInt16(), out var replica))
                {
                    replicas.Add(replica);
                }
            }

            found[name] = new StreamMetadata(name, code, leader, replicas);
        }

        return [.. asked.Select(name => found.TryGetValue(name, out var metadata)
            ? metadata
            : throw new StreamProtocolException($"The answer to Metadata doesn't speak of '{name}'."))];
    }

    [GeneratedRegex("^[1-9][0-9]*[YMDhms]$")]
    private static partial Regex ValidMaxAge();

    private Task<bool> RequestAsync(StreamCommand command, string subject, Action<FrameBuffer> body, CancellationToken cancellationToken) =>
        RequestAsync(command, subject, body, static (ref _) => true, options.RequestTimeout, cancellationToken);

    private async Task<T> RequestAsync<T>(
        StreamCommand command, string subject, Action<FrameBuffer> body, ResponseParser<T> parse, TimeSpan limit, CancellationToken cancellationToken)
    {
        var request = new PendingResponse<T>(command, subject, parse);
        var correlation = Interlocked.Increment(ref lastCorrelation);
        pending[correlation] = request;
        try
        {
            using var frame = new FrameBuffer(command);
            frame.UInt32(correlation);
            body(frame);
            await WriteAsync(frame, cancellationToken);
        }
        catch
        {
            pending.TryRemove(correlation, out _);
            throw;
        }

        try
        {
            return await request.Task.WaitAsync(limit, time, cancellationToken);
        }
        catch (TimeoutException e)
        {
            Abort(new StreamConnectionException($"{Endpoint} didn't answer {command} of '{subject}' within {limit.TotalSeconds:0.#} s.", e));
            throw new StreamConnectionException(CloseReason!.Message, e);
        }
    }

    private T Register<T>(T?[] slots, Func<byte, T> create)
        where T : class
    {
        lock (publishers)
        {
            ThrowIfClosed();
            var free = Array.IndexOf(slots, null);
            return free < 0
                ? throw new InvalidOperationException($"A connection has room for {slots.Length} {typeof(T).Name}s.")
                : slots[free] = create((byte)free);
        }
    }
}
