namespace FlowPlatform.RabbitMQ.StreamProtocol;

/// <summary>A publisher on a connection. Frames may be sent from one caller at a time, so that publishing ids ascend.</summary>
public sealed class StreamPublisher
{
    private readonly StreamConnection connection;
    private int ended;

    internal StreamPublisher(StreamConnection connection, byte id, string stream, IPublishObserver observer)
    {
        this.connection = connection;
        Id = id;
        Stream = stream;
        Observer = observer;
    }

    /// <summary>Its number on the connection.</summary>
    public byte Id { get; }

    /// <summary>Where it publishes.</summary>
    public string Stream { get; }

    internal IPublishObserver Observer { get; }

    /// <summary>Sends the frame's messages; the observer is told when they are confirmed. The frame can be disposed when this completes.</summary>
    /// <exception cref="StreamConnectionException">The connection has ended.</exception>
    public ValueTask PublishAsync(PublishFrame frame, CancellationToken cancellationToken) => connection.SendAsync(frame.Complete(this), cancellationToken);

    /// <summary>Removes the publisher. What is not confirmed by then may or may not be stored.</summary>
    public Task DeleteAsync(CancellationToken cancellationToken) => connection.DeletePublisherAsync(this, cancellationToken);

    internal void Close(Exception reason)
    {
        if (Interlocked.Exchange(ref ended, 1) == 0)
        {
            Observer.Closed(reason);
        }
    }
}
