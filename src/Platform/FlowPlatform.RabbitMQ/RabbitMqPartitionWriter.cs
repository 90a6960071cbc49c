using System.Buffers;
using FlowPlatform.Log;
using FlowPlatform.RabbitMQ.Amqp;
using FlowPlatform.RabbitMQ.StreamProtocol;

namespace FlowPlatform.RabbitMQ;

/// <summary>
/// Writes one partition over a connection of its own. The publishing id is the event's sequence, so that the broker drops what it already has.
/// It never reconnects: after a fault it is dead, and its owner looks at the log before it publishes again (rules P3, P4).
/// </summary>
internal sealed class RabbitMqPartitionWriter : IPartitionWriter, IPublishObserver
{
    // Room for the frame's and the message's own fields, with some to spare.
    private const int FrameReserve = 64;

    private readonly RabbitMqEventLogOptions options;
    private readonly TimeProvider time;
    private readonly string producer;
    private readonly StreamConnection connection;
    private readonly ConfirmWindow window;
    private readonly TaskCompletionSource closed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private StreamPublisher publisher = null!;
    private Task lastTurn = Task.CompletedTask;

    private RabbitMqPartitionWriter(PartitionId partition, string producer, StreamConnection connection, RabbitMqEventLogOptions options, TimeProvider time)
    {
        Partition = partition;
        this.producer = producer;
        this.connection = connection;
        this.options = options;
        this.time = time;
        window = new ConfirmWindow(options.MaxInFlightEvents, options.MaxInFlightBytes);

        // Larger than what a reader accepts as one chunk would never be read again.
        MaxEventBytes = Math.Min(connection.FrameMax, options.MaxDeliverBytes) - FrameReserve;
    }

    public PartitionId Partition { get; }

    public int MaxEventBytes { get; }

    public Task Closed => closed.Task;

    public static async Task<RabbitMqPartitionWriter> OpenAsync(
        PartitionId partition, string producer, StreamConnection connection, RabbitMqEventLogOptions options, TimeProvider time, CancellationToken cancellationToken)
    {
        var writer = new RabbitMqPartitionWriter(partition, producer, connection, options, time);
        writer.publisher = await connection.DeclarePublisherAsync(partition.Name, producer, writer, cancellationToken);
        return writer;
    }

    public async Task AppendAsync(IReadOnlyList<EventEnvelope> events, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        if (events.Count == 0)
        {
            return;
        }

        var sizes = ArrayPool<MessageSize>.Shared.Rent(events.Count);
        var pending = new PendingAppend(events.Count);
        try
        {
            Measure(events, sizes);

            // Up to here nothing was awaited: overlapping calls take their turns in the order in which they were made.
            var turn = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            var previous = lastTurn;
            lastTurn = turn.Task;
            try
            {
                await previous;
                await SendAsync(events, sizes, pending, cancellationToken);
            }
            finally
            {
                turn.SetResult();
            }
        }
        finally
        {
            ArrayPool<MessageSize>.Shared.Return(sizes);
        }

        await ConfirmedAsync(pending.Task, cancellationToken);
    }

    public async ValueTask DisposeAsync()
    {
        window.Fail(new EventLogUnavailableException($"{Partition}: the writer was disposed."));
        closed.TrySetResult();
        await connection.DisposeAsync();
    }

    void IPublishObserver.Confirmed(PublishingIds ids)
    {
        if (window.Confirm(ids) is { } unknown)
        {
            Die(new EventLogUnavailableException($"{Partition}: the broker confirmed sequence {unknown} of {producer}, which was never sent on this connection."));
        }
    }

    void IPublishObserver.Refused(ulong publishingId, StreamResponseCode code) =>
        Die(new EventLogUnavailableException($"{Partition}: the broker refused sequence {publishingId} of {producer}: {code} ({(ushort)code})."));

    void IPublishObserver.Closed(Exception reason) => Die(Unavailable(reason));

    private EventLogUnavailableException Unavailable(Exception reason) =>
        RabbitMqErrors.Translate(reason, Partition) as EventLogUnavailableException
        ?? new EventLogUnavailableException($"{Partition}: the writer's connection ended. {reason.Message}", reason);

    private void Die(EventLogUnavailableException reason)
    {
        window.Fail(reason);
        connection.Abort(reason);
        closed.TrySetResult();
    }

    private void Measure(IReadOnlyList<EventEnvelope> events, MessageSize[] sizes)
    {
        long last = 0;
        for (var i = 0; i < events.Count; i++)
        {
            var e = events[i];
            if (e.Sequence <= last)
            {
                throw new ArgumentException($"Event {e.Id} has sequence {e.Sequence} after {last}: sequences start at 1 and ascend.", nameof(events));
            }

            if (e.Producer is not null && e.Producer != producer)
            {
                throw new ArgumentException($"Event {e.Id} names the producer {e.Producer}; this writer is {producer}.", nameof(events));
            }

            last = e.Sequence;
            sizes[i] = EventEncoder.Measure(e, producer);
            if (sizes[i].Total > MaxEventBytes)
            {
                throw new EventTooLargeException(e.Id, sizes[i].Total, MaxEventBytes);
            }
        }
    }

    private async Task SendAsync(IReadOnlyList<EventEnvelope> events, MessageSize[] sizes, PendingAppend pending, CancellationToken cancellationToken)
    {
        try
        {
            for (var next = 0; next < events.Count;)
            {
                var (end, bytes) = CutFrame(events.Count, sizes, next);
                while (window.RoomFor(end - next, bytes, (ulong)events[next].Sequence) is { } room)
                {
                    await ConfirmedAsync(room, cancellationToken);
                }

                using var frame = Encode(events, sizes, next, end, bytes, pending);
                await publisher.PublishAsync(frame, cancellationToken);
                next = end;
            }
        }
        catch (OperationCanceledException)
        {
            // Whatever follows would be stored without these, and these could then never be stored (rule P4).
            Die(new EventLogUnavailableException($"{Partition}: an append was cancelled before all of it was sent."));
            throw;
        }
        catch (StreamConnectionException e)
        {
            var reason = Unavailable(e);
            Die(reason);
            throw reason;
        }
        catch (Exception e)
        {
            Die(Unavailable(e));
            throw;
        }
    }

    private (int End, int Bytes) CutFrame(int count, MessageSize[] sizes, int start)
    {
        var limit = Math.Min(Math.Min(options.MaxFrameBytes, connection.FrameMax), options.MaxInFlightBytes);
        var end = start;
        var bytes = PublishFrame.FrameOverhead;
        var last = Math.Min(count, start + Math.Min(options.MaxFrameEvents, options.MaxInFlightEvents));
        do
        {
            bytes += PublishFrame.MessageOverhead + sizes[end++].Total;
        }
        while (end < last && bytes + PublishFrame.MessageOverhead + sizes[end].Total <= limit);
        return (end, bytes);
    }

    private PublishFrame Encode(IReadOnlyList<EventEnvelope> events, MessageSize[] sizes, int start, int end, int bytes, PendingAppend pending)
    {
        var frame = new PublishFrame(bytes);
        try
        {
            for (var i = start; i < end; i++)
            {
                var id = (ulong)events[i].Sequence;
                EventEncoder.Write(events[i], producer, sizes[i], frame.Add(id, sizes[i].Total));
                window.Add(id, sizes[i].Total, pending);
            }

            return frame;
        }
        catch
        {
            frame.Dispose();
            throw;
        }
    }

    private async Task ConfirmedAsync(Task task, CancellationToken cancellationToken)
    {
        try
        {
            await task.WaitAsync(options.ConfirmTimeout, time, cancellationToken);
        }
        catch (TimeoutException e)
        {
            var reason = new EventLogUnavailableException($"{Partition}: nothing was confirmed within {options.ConfirmTimeout.TotalSeconds:0.#} s.", e);
            Die(reason);
            throw reason;
        }
    }
}
