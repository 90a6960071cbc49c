using FlowPlatform.Log;

namespace FlowPlatform.Benchmarks.Running;

/// <summary>Appends events to the partitions of their keys, as a producer without an outbox. One caller at a time; calls may overlap.</summary>
internal sealed class Appender : IAsyncDisposable
{
    private const string Producer = "benchmarks/1";
    private readonly IPartitionWriter[] writers;
    private readonly long[] sequences;

    private Appender(IPartitionWriter[] writers, long[] sequences) => (this.writers, this.sequences) = (writers, sequences);

    /// <summary>Goes on after what the partitions have of this producer.</summary>
    public static async Task<Appender> OpenAsync(IEventLog log, StreamDefinition stream)
    {
        var sequences = await Task.WhenAll(stream.PartitionIds.Select(async partition => (await log.ReadLastOfAsync(partition, Producer, CancellationToken.None))?.Event.Sequence ?? 0));
        return new(await Task.WhenAll(stream.PartitionIds.Select(partition => log.OpenWriterAsync(partition, Producer, CancellationToken.None))), sequences);
    }

    /// <summary>Completes when all are confirmed.</summary>
    public Task AppendAsync(IReadOnlyList<(Sold Sold, DateTimeOffset Time)> events) => Task.WhenAll(
        events.GroupBy(item => Partitioner.PartitionOf(item.Sold.Sale, writers.Length))
            .Select(group => writers[group.Key].AppendAsync([.. group.Select(item => Sales.Envelope(item.Sold, Producer, ++sequences[group.Key], item.Time))], CancellationToken.None)));

    public async ValueTask DisposeAsync()
    {
        foreach (var writer in writers)
        {
            await writer.DisposeAsync();
        }
    }
}
