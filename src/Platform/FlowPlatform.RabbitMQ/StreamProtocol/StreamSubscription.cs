namespace FlowPlatform.RabbitMQ.StreamProtocol;

/// <summary>A subscription on a connection. Safe for concurrent use.</summary>
public sealed class StreamSubscription
{
    private readonly StreamConnection connection;
    private readonly IChunkObserver observer;
    private int credit;
    private int ended;
    private int unsubscribed;

    internal StreamSubscription(StreamConnection connection, byte id, string stream, ushort credit, IChunkObserver observer)
    {
        this.connection = connection;
        this.observer = observer;
        this.credit = credit;
        Id = id;
        Stream = stream;
    }

    /// <summary>Its number on the connection.</summary>
    public byte Id { get; }

    /// <summary>What it reads.</summary>
    public string Stream { get; }

    /// <summary>Lets the broker send <paramref name="chunks"/> more.</summary>
    /// <exception cref="StreamConnectionException">The connection has ended.</exception>
    public ValueTask CreditAsync(ushort chunks, CancellationToken cancellationToken)
    {
        Interlocked.Add(ref credit, chunks);
        return connection.CreditAsync(this, chunks, cancellationToken);
    }

    /// <summary>Ends the delivery; a second call does nothing. All chunks that the broker sent before have been handed over when this completes.</summary>
    public Task UnsubscribeAsync(CancellationToken cancellationToken) =>
        Interlocked.Exchange(ref unsubscribed, 1) == 0 ? connection.UnsubscribeAsync(this, cancellationToken) : Task.CompletedTask;

    internal void Deliver(StreamChunk chunk)
    {
        // Without this check a broker gone mad could fill the memory.
        if (Interlocked.Decrement(ref credit) < 0)
        {
            chunk.Dispose();
            throw new StreamProtocolException($"{connection.Endpoint} delivered more chunks of '{Stream}' than it was allowed.");
        }

        observer.Delivered(chunk);
    }

    internal void Close(Exception reason)
    {
        if (Interlocked.Exchange(ref ended, 1) == 0)
        {
            observer.Closed(reason);
        }
    }
}
