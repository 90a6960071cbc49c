using FlowPlatform.Log;

namespace FlowPlatform.Testing.Running;

/// <summary>The producers of other services' streams: one for each, as the log wants it (rule P1). Safe for concurrent use.</summary>
internal sealed class Outsiders(IEventLog log) : IAsyncDisposable
{
    private readonly SemaphoreSlim gate = new(1);
    private readonly Dictionary<PartitionId, (IPartitionWriter Writer, long Sequence)> writers = [];
    private readonly Dictionary<string, long> numbers = new(StringComparer.Ordinal);

    /// <summary>Appends one event.</summary>
    /// <returns>Its id.</returns>
    public async Task<string> AppendAsync(object @event, string stream, DateTimeOffset time, DateTimeOffset now, CancellationToken cancellationToken)
    {
        await gate.WaitAsync(cancellationToken);
        try
        {
            var item = Given.Of(@event, stream, Next(stream), await log.GetPartitionCountAsync(stream, cancellationToken));
            await AppendAsync(item.Partition, [sequence => item.Envelope(sequence, time, now)], cancellationToken);
            return item.Id;
        }
        finally
        {
            gate.Release();
        }
    }

    /// <summary>Appends records of one stream's history; which partition each goes to the stream says.</summary>
    public async Task AppendAsync(IReadOnlyList<LogRecord> records, CancellationToken cancellationToken)
    {
        await gate.WaitAsync(cancellationToken);
        try
        {
            var stream = records[0].Partition.Stream;
            var partitions = await log.GetPartitionCountAsync(stream, cancellationToken);
            var items = records.Select(record => (Record: record.Event, Given: Given.Of(record.Event.Type, KeyOf(record.Event), record.Event.Data, stream, Next(stream), partitions)));
            foreach (var group in items.ToList().GroupBy(item => item.Given.Partition))
            {
                await AppendAsync(
                    group.Key, [.. group.Select(item => (Func<long, EventEnvelope>)(sequence => item.Given.Envelope(sequence, item.Record.Time, item.Record.CommittedAt)))], cancellationToken);
            }
        }
        finally
        {
            gate.Release();
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var (writer, _) in writers.Values)
        {
            await writer.DisposeAsync();
        }

        gate.Dispose();
    }

    /// <summary>An event without a key has its id for one, and gets another id here.</summary>
    private static string? KeyOf(EventEnvelope @event) => @event.Key == @event.Id ? null : @event.Key;

    private long Next(string stream) => numbers[stream] = numbers.GetValueOrDefault(stream) + 1;

    private async Task AppendAsync(PartitionId partition, IReadOnlyList<Func<long, EventEnvelope>> events, CancellationToken cancellationToken)
    {
        if (!writers.TryGetValue(partition, out var open))
        {
            open = (await log.OpenWriterAsync(partition, Given.ProducerOf(partition.Stream), cancellationToken), 0);
        }

        await open.Writer.AppendAsync([.. events.Select((create, index) => create(open.Sequence + index + 1))], cancellationToken);
        writers[partition] = (open.Writer, open.Sequence + events.Count);
    }
}
