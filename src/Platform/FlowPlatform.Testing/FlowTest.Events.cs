using FlowPlatform.Log;
using FlowPlatform.Testing.Running;

namespace FlowPlatform.Testing;

/// <content>What the test gives, and what the service makes of it.</content>
public sealed partial class FlowTest
{
    private readonly Outsiders outsiders;
    private readonly HashSet<string> given = new(StringComparer.Ordinal);

    /// <summary>
    /// Appends an event to its stream as its producer would: through the outbox, where the service under test is the producer, else straight to the log.
    /// </summary>
    /// <param name="event">The event; its type carries <c>[Event]</c>.</param>
    /// <param name="at">Event time; default: what the clock shows.</param>
    /// <param name="stream">Its stream; default: the one that the service publishes such events to, else what its type's name begins with.</param>
    /// <returns>The event's id, which what it causes carries as <c>causation-id</c>.</returns>
    /// <exception cref="FlowTestException">The service neither reads nor publishes the stream.</exception>
    public async Task<string> GivenAsync(object @event, DateTimeOffset? at = null, string? stream = null)
    {
        ArgumentNullException.ThrowIfNull(@event);
        var time = at ?? Clock.GetUtcNow();
        if (IsOwn(@event, stream))
        {
            var id = await Store.WriteAsync(transaction => ValueTask.FromResult(transaction.Emit(@event, time)), TestRun.Cancellation());
            lock (given)
            {
                given.Add(id);
            }

            return id;
        }

        var name = stream ?? Given.StreamOf(@event.GetType());
        ThrowIfUnread(name);
        return await outsiders.AppendAsync(@event, name, time, Clock.GetUtcNow(), TestRun.Cancellation());
    }

    /// <summary>Appends all events of a history, partition by partition, as other services would have published them.</summary>
    /// <exception cref="FlowTestException">The service does not read one of the streams, or is its producer.</exception>
    public async Task GivenAsync(EventHistory history)
    {
        ArgumentNullException.ThrowIfNull(history);
        foreach (var records in history.ByPartition)
        {
            var stream = records[0].Partition.Stream;
            ThrowIfUnread(stream);
            if (Publishes(stream))
            {
                throw new FlowTestException($"'{Definition.Service}' is the producer of '{stream}': give such events one by one, they go through its outbox.");
            }

            await outsiders.AppendAsync(records, TestRun.Cancellation());
        }
    }

    /// <summary>Events of a type that the service has published, without those that the test gave; in the order of each partition. Let it settle first.</summary>
    public IReadOnlyList<Emitted<TEvent>> Emitted<TEvent>()
        where TEvent : class =>
        [.. EmittedRecords().Where(item => item.Event.Is<TEvent>()).Select(item => new Emitted<TEvent>(item.Event.Read<TEvent>(), item.Partition, item.Event))];

    /// <summary>Everything that the service has published, without what the test gave; in the order of each partition. Let it settle first.</summary>
    public IReadOnlyList<EventEnvelope> Emitted() => [.. EmittedRecords().Select(item => item.Event)];

    private List<(PartitionId Partition, EventEnvelope Event)> EmittedRecords()
    {
        lock (given)
        {
            return [.. observed.Published.Where(item => !given.Contains(item.Event.Id))];
        }
    }

    private bool IsOwn(object @event, string? stream)
    {
        if (stream is not null)
        {
            return Publishes(stream);
        }

        return Definition.Published.Find(@event.GetType()) is not null;
    }

    private void ThrowIfUnread(string stream)
    {
        var read = Definition.Consumers.SelectMany(consumer => consumer.Streams).Distinct().Order(StringComparer.Ordinal).ToList();
        if (!read.Contains(stream) && !Publishes(stream))
        {
            throw new FlowTestException($"Nobody would see it: '{Definition.Service}' reads {string.Join(", ", read)}; not '{stream}'.");
        }
    }
}
