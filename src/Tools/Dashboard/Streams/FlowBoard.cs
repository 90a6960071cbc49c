using System.Collections.Concurrent;
using FlowPlatform.Dashboard.Storage;
using FlowPlatform.Hosting;
using FlowPlatform.Log;

namespace FlowPlatform.Dashboard.Streams;

/// <summary>The newest readings of all services and partitions. As large as the system is. Safe for concurrent use.</summary>
internal sealed class FlowBoard
{
    /// <summary>More partitions are not looked at: each costs the broker a look.</summary>
    public const int MaxPartitions = 512;

    private readonly ConcurrentDictionary<ServiceAddress, ServiceReading> services = [];
    private readonly ConcurrentDictionary<PartitionId, PartitionReading> partitions = [];
    private readonly Pulse pulse = new();

    /// <summary>Completes when something was read.</summary>
    public Task Next => pulse.Next;

    /// <summary>All replicas that were asked, by service and index.</summary>
    public IReadOnlyList<ServiceReading> Services =>
        [.. services.Values.OrderBy(static reading => reading.Address.Service, StringComparer.Ordinal).ThenBy(static reading => reading.Address.Index)];

    /// <summary>All partitions that were looked at, in order.</summary>
    public IReadOnlyList<PartitionReading> Partitions => [.. partitions.OrderBy(static known => known.Key).Select(static known => known.Value)];

    /// <summary>The partitions of all streams that any service publishes or reads, in order.</summary>
    public IReadOnlyList<PartitionId> Known =>
    [
        .. services.Values.SelectMany(static reading => reading.Flow is { } flow
                ? flow.Streams.Select(static row => new PartitionId(row.Stream, row.Partition)).Concat(flow.Consumers.Where(static row => row.State != "waiting").Select(static row => new PartitionId(row.Stream, row.Partition)))
                : [])
            .Where(static partition => StreamDefinition.IsValidName(partition.Stream) && partition.Index is >= 0 and < StreamDefinition.MaxPartitions)
            .Concat(partitions.Keys).Distinct().Order().Take(MaxPartitions),
    ];

    /// <summary>
    /// Where every consumer is: one row for each of its partitions. Of several replicas the owner's own word counts, else the newest; what a replica says that no longer answers is not told as if it were so.
    /// </summary>
    public IReadOnlyList<ConsumerRow> Consumers =>
    [
        .. (from reading in services.Values
            where reading.Flow is not null
            from row in reading.Flow!.Consumers
            group (reading, row) by (reading.Address.Service, row.Consumer, row.Stream, row.Partition) into same
            let best = same.OrderByDescending(static told => told.row.Owner.Length > 0 && told.row.Owner == told.reading.Flow!.Instance).ThenByDescending(static told => told.reading.At).First()
            orderby same.Key.Service, same.Key.Consumer, same.Key.Stream, same.Key.Partition
            select new ConsumerRow(same.Key.Service, best.row, best.reading.At)),
    ];

    public void Set(ServiceReading reading)
    {
        services[reading.Address] = reading;
        pulse.Beat();
    }

    /// <summary>Of a replica that was taken away nothing is told any more.</summary>
    public void Forget(ServiceAddress address)
    {
        services.TryRemove(address, out _);
        pulse.Beat();
    }

    public void Set(PartitionReading reading)
    {
        partitions[new PartitionId(reading.Stream, reading.Partition)] = reading;
        pulse.Beat();
    }

    /// <summary>The last reading of a partition; null if it was never looked at.</summary>
    public PartitionReading? Find(PartitionId partition) => partitions.GetValueOrDefault(partition);
}

/// <summary>A consumer in one partition.</summary>
/// <param name="Service">Whose.</param>
/// <param name="Status">Where it is.</param>
/// <param name="At">When it was asked.</param>
internal sealed record ConsumerRow(string Service, ConsumerPartitionStatus Status, DateTimeOffset At);
