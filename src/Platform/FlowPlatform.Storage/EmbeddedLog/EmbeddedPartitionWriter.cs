using FlowPlatform.Log;

namespace FlowPlatform.Storage.EmbeddedLog;

/// <summary>Appends to one partition as one producer. Like the broker's it never recovers: after a fault it is dead, and its owner looks at the log before it appends again (rules P3, P4).</summary>
internal sealed class EmbeddedPartitionWriter : IPartitionWriter
{
    private readonly StreamFile file;
    private readonly EmbeddedEventLogOptions options;
    private readonly TaskCompletionSource closed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile Exception? death;
    private long knownEnd;

    public EmbeddedPartitionWriter(PartitionId partition, string producer, StreamFile file, EmbeddedEventLogOptions options)
    {
        Partition = partition;
        Producer = producer;
        this.file = file;
        this.options = options;
        Closed = Task.WhenAny(closed.Task, file.Gone);
    }

    public PartitionId Partition { get; }

    public string Producer { get; }

    public int MaxEventBytes => options.MaxEventBytes;

    public Task Closed { get; }

    public async Task AppendAsync(IReadOnlyList<EventEnvelope> events, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        if (Dead() is { } dead)
        {
            throw dead;
        }

        if (events.Count == 0)
        {
            return;
        }

        Check(events);
        var request = new AppendRequest(this, events, ChunkWriter.Write(events, 0, Producer, options));

        // Up to here nothing was awaited: overlapping calls stand in the queue in the order in which they were made. From here on the events are on their way, cancelled or not.
        try
        {
            await file.AppendAsync(request, cancellationToken);
        }
        catch (OperationCanceledException)
        {
            // Whatever follows would be stored without these, and these could then never be stored (rule P4).
            Die(new EventLogUnavailableException($"{Partition}: an append was cancelled before it was handed over."));
            throw;
        }

        await request.Task.WaitAsync(cancellationToken);
    }

    public ValueTask DisposeAsync()
    {
        Die(new EventLogUnavailableException($"{Partition}: the writer was disposed."));
        return ValueTask.CompletedTask;
    }

    internal void Die(Exception reason)
    {
        death ??= reason;
        closed.TrySetResult();
    }

    internal void Confirmed(long end) => knownEnd = end;

    /// <summary>In the transaction: why this writer may not append to what is there; null if it may.</summary>
    internal EventLogUnavailableException? WhyUnfit(long end) =>
        Dead() ?? (end >= knownEnd ? null : new EventLogUnavailableException($"{Partition}: it ends at offset {end}, after it had confirmed up to {knownEnd}: its tail was cut."));

    private EventLogUnavailableException? Dead() =>
        death is { } reason ? new EventLogUnavailableException($"{Partition}: the writer has ended. {reason.Message}", reason) : null;

    private void Check(IReadOnlyList<EventEnvelope> events)
    {
        long last = 0;
        foreach (var e in events)
        {
            if (e.Sequence <= last)
            {
                throw new ArgumentException($"Event {e.Id} has sequence {e.Sequence} after {last}: sequences start at 1 and ascend.", nameof(events));
            }

            if (e.Producer is not null && e.Producer != Producer)
            {
                throw new ArgumentException($"Event {e.Id} names the producer {e.Producer}; this writer is {Producer}.", nameof(events));
            }

            if (string.IsNullOrEmpty(e.Id) || string.IsNullOrEmpty(e.Type) || string.IsNullOrEmpty(e.Source))
            {
                throw new ArgumentException($"Event '{e.Id}' of type '{e.Type}' from '{e.Source}' needs an id, a type and a source.", nameof(events));
            }

            last = e.Sequence;
        }
    }
}
