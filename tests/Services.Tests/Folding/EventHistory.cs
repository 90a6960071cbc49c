using FlowPlatform.Events;
using FlowPlatform.Log;

namespace FlowPlatform.Tests.Support;

/// <summary>Events as their producers would have put them into the log, in the order of each partition.</summary>
internal sealed class EventHistory
{
    private const int Partitions = 3;
    private readonly SortedDictionary<PartitionId, List<LogRecord>> partitions = [];

    public IReadOnlyList<IReadOnlyList<LogRecord>> ByPartition => [.. partitions.Values];

    public int Count => partitions.Values.Sum(records => records.Count);

    /// <summary>Adds an event to the stream that its type names.</summary>
    /// <returns>The record.</returns>
    public LogRecord Add(object @event, DateTimeOffset time, DateTimeOffset? committedAt = null)
    {
        var type = EventType.Of(@event.GetType());
        var stream = type.Name.Split('.')[0];
        var key = type.KeyOf(@event)!;
        var id = new PartitionId(stream, Partitioner.PartitionOf(key, Partitions));
        if (!partitions.TryGetValue(id, out var records))
        {
            partitions[id] = records = [];
        }

        var envelope = new EventEnvelope
        {
            Id = $"{id}/{records.Count}",
            Type = type.Name,
            Source = stream,
            Key = key,
            Time = time,
            CommittedAt = committedAt ?? time,
            Producer = $"{stream}/test",
            Sequence = records.Count + 1,
            Data = FlowJson.Serialize(@event),
        };
        var record = new LogRecord(id, records.Count, envelope.CommittedAt, envelope);
        records.Add(record);
        return record;
    }

    /// <summary>One of the orders in which a consumer may see it, cut into batches of 1 to 60; the seed says which.</summary>
    public IEnumerable<IReadOnlyList<LogRecord>> Interleave(int seed)
    {
        var random = new Random(seed);
        var rest = partitions.Values.Select(records => new Queue<LogRecord>(records)).ToList();
        while (rest.Count > 0)
        {
            var batch = new List<LogRecord>();
            for (var size = random.Next(1, 61); size > 0 && rest.Count > 0; size--)
            {
                // Now and then a partition delivers a run, as chunks do.
                var from = rest[random.Next(rest.Count)];
                for (var run = random.Next(4) == 0 ? random.Next(1, 20) : 1; run > 0 && from.Count > 0; run--)
                {
                    batch.Add(from.Dequeue());
                }

                rest.RemoveAll(queue => queue.Count == 0);
            }

            yield return batch;
        }
    }

    /// <summary>One partition after the other, the last first, each in one batch: as far from the true order as it gets.</summary>
    public IEnumerable<IReadOnlyList<LogRecord>> PartitionsBackwards() => partitions.Values.Reverse();
}
