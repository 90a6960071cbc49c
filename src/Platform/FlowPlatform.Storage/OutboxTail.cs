using System.Collections.Concurrent;
using FlowPlatform.Log;

namespace FlowPlatform.Storage;

/// <summary>
/// The newest committed events of an outbox, by partition, so that the relay need not read back what was written a moment ago. Bounded; what it lacks is in the table.
/// Any number of writers and readers.
/// </summary>
internal sealed class OutboxTail
{
    private const int MaxEvents = 2_000;
    private const long MaxBytes = 1024 * 1024;
    private readonly ConcurrentDictionary<PartitionId, Part> parts = new();

    /// <summary>Adds an event that is committed; sequences ascend.</summary>
    public void Add(PartitionId partition, EventEnvelope @event) => parts.GetOrAdd(partition, static _ => new Part()).Add(@event);

    /// <summary>Forgets everything: sequences start anew.</summary>
    public void Clear() => parts.Clear();

    /// <summary>The events after a sequence, if they are all here; empty if there is none.</summary>
    /// <returns>False if only the table knows.</returns>
    public bool TryRead(PartitionId partition, long after, int maxEvents, long maxBytes, out IReadOnlyList<EventEnvelope> events)
    {
        events = [];
        return parts.TryGetValue(partition, out var part) && part.TryRead(after, maxEvents, maxBytes, out events);
    }

    private sealed class Part
    {
        private readonly Queue<EventEnvelope> queue = new();
        private string? producer;
        private long last;
        private long bytes;

        public void Add(EventEnvelope @event)
        {
            lock (queue)
            {
                if (@event.Sequence <= last && @event.Producer == producer)
                {
                    // Two writers' commits are added in any order. The earlier one leaves a hole before what is here: the table fills it.
                    return;
                }

                producer = @event.Producer;
                if (@event.Sequence != last + 1)
                {
                    queue.Clear();
                    bytes = 0;
                }

                queue.Enqueue(@event);
                last = @event.Sequence;
                bytes += @event.Data.Length;
                while (queue.Count > MaxEvents || bytes > MaxBytes)
                {
                    Forget();
                }
            }
        }

        public bool TryRead(long after, int maxEvents, long maxBytes, out IReadOnlyList<EventEnvelope> events)
        {
            events = [];
            lock (queue)
            {
                while (queue.TryPeek(out var sent) && sent.Sequence <= after)
                {
                    Forget();
                }

                if (after == last)
                {
                    return true;
                }

                if (!queue.TryPeek(out var first) || first.Sequence != after + 1)
                {
                    return false;
                }

                var read = new List<EventEnvelope>(Math.Min(queue.Count, maxEvents));
                var size = 0L;
                foreach (var @event in queue)
                {
                    if (read.Count == maxEvents || size >= maxBytes)
                    {
                        break;
                    }

                    read.Add(@event);
                    size += @event.Data.Length;
                }

                events = read;
                return true;
            }
        }

        private void Forget() => bytes -= queue.Dequeue().Data.Length;
    }
}
