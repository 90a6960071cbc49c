using FlowPlatform.Events;
using FlowPlatform.Log;

namespace FlowPlatform.Testing;

/// <summary>Events as their producers would have put them into the log, in the order of each partition. The order across partitions is not part of it: <see cref="Interleave"/> makes one. Not safe for concurrent use.</summary>
public sealed class EventHistory
{
    private const int LargestBatch = 60;
    private readonly SortedDictionary<PartitionId, List<LogRecord>> partitions = [];
    private readonly Dictionary<string, long> counts = new(StringComparer.Ordinal);
    private readonly int partitionCount;

    /// <summary>Creates an empty history.</summary>
    /// <param name="partitions">Partitions of every stream; default 3, as streams have by default.</param>
    public EventHistory(int partitions = 3)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(partitions, 1);
        partitionCount = partitions;
    }

    /// <summary>The records of each partition that has any, in order.</summary>
    public IReadOnlyList<IReadOnlyList<LogRecord>> ByPartition => [.. partitions.Values];

    /// <summary>All records, partition by partition.</summary>
    public IEnumerable<LogRecord> Records => partitions.Values.SelectMany(records => records);

    /// <summary>Number of events.</summary>
    public int Count => partitions.Values.Sum(records => records.Count);

    /// <summary>Adds an event behind those of its partition.</summary>
    /// <param name="event">The event; its type carries <see cref="EventAttribute"/>.</param>
    /// <param name="time">Event time.</param>
    /// <param name="committedAt">When its producer committed it; default: at its event time.</param>
    /// <param name="stream">Its stream; default: what its type's name begins with, <c>orders</c> for <c>orders.placed.v1</c>.</param>
    /// <returns>The record.</returns>
    /// <exception cref="FlowTestException">The type's name does not begin with a stream, and none is given.</exception>
    public LogRecord Add(object @event, DateTimeOffset time, DateTimeOffset? committedAt = null, string? stream = null)
    {
        var name = stream ?? Given.StreamOf(@event.GetType());
        counts[name] = counts.GetValueOrDefault(name) + 1;
        var given = Given.Of(@event, name, counts[name], partitionCount);
        if (!partitions.TryGetValue(given.Partition, out var records))
        {
            partitions[given.Partition] = records = [];
        }

        var record = new LogRecord(given.Partition, records.Count, committedAt ?? time, given.Envelope(records.Count + 1, time, committedAt ?? time));
        records.Add(record);
        return record;
    }

    /// <summary>Adds a record as it is, behind those of its partition: what a service has emitted is a history for who reads it.</summary>
    public void Add(LogRecord record)
    {
        if (!partitions.TryGetValue(record.Partition, out var records))
        {
            partitions[record.Partition] = records = [];
        }

        records.Add(record);
    }

    /// <summary>The events of some streams alone: what one service reads of a history that many made.</summary>
    public EventHistory Only(params IReadOnlyCollection<string> streams)
    {
        var part = new EventHistory(partitionCount);
        foreach (var record in Records.Where(record => streams.Contains(record.Partition.Stream)))
        {
            part.Add(record);
        }

        return part;
    }

    /// <summary>One of the orders in which a consumer may see the events, cut into batches of 1 to 60. The same seed gives the same order.</summary>
    public IEnumerable<IReadOnlyList<LogRecord>> Interleave(int seed)
    {
        var random = new Random(seed);
        var rest = partitions.Values.Select(records => new Queue<LogRecord>(records)).ToList();
        while (rest.Count > 0)
        {
            var batch = new List<LogRecord>();
            var size = Draw(random, 1, LargestBatch + 1);
            while (batch.Count < size && rest.Count > 0)
            {
                // Now and then a partition delivers a run, as the log's chunks do.
                var from = rest[Draw(random, 0, rest.Count)];
                for (var run = Draw(random, 0, 4) == 0 ? Draw(random, 1, 20) : 1; run > 0 && from.Count > 0 && batch.Count < size; run--)
                {
                    batch.Add(from.Dequeue());
                }

                rest.RemoveAll(queue => queue.Count == 0);
            }

            yield return batch;
        }
    }

    /// <summary>One partition after the other, the last first, each in one batch: as far from the order in which things happened as it gets.</summary>
    public IEnumerable<IReadOnlyList<LogRecord>> PartitionsBackwards() => partitions.Values.Reverse();

#pragma warning disable CA5394 // Chooses an order; protects nothing.
    private static int Draw(Random random, int from, int below) => random.Next(from, below);
#pragma warning restore CA5394
}
