using FlowPlatform.Log;

namespace FlowPlatform.Benchmarks.Running;

/// <summary>
/// The log as one service sees it, with a tap: a consumer disposes of a batch right after its effects are committed, so a batch's way through a consumer can be seen from outside, whatever the consumer.
/// </summary>
internal sealed class TappedLog(IEventLog log, Action<IReadOnlyList<LogRecord>>? read, Action<IReadOnlyList<LogRecord>> committed) : IEventLog
{
    public string MessagingSystem => log.MessagingSystem;

    public Task EnsureStreamAsync(StreamDefinition definition, CancellationToken cancellationToken) => log.EnsureStreamAsync(definition, cancellationToken);

    public Task<int> GetPartitionCountAsync(string stream, CancellationToken cancellationToken) => log.GetPartitionCountAsync(stream, cancellationToken);

    public Task<IPartitionWriter> OpenWriterAsync(PartitionId partition, string producer, CancellationToken cancellationToken) => log.OpenWriterAsync(partition, producer, cancellationToken);

    public async Task<IPartitionReader> OpenReaderAsync(PartitionId partition, LogPosition from, CancellationToken cancellationToken) =>
        new TappedReader(await log.OpenReaderAsync(partition, from, cancellationToken), read, committed);

    public Task<LogRecord?> ReadFirstAsync(PartitionId partition, CancellationToken cancellationToken) => log.ReadFirstAsync(partition, cancellationToken);

    public Task<LogRecord?> ReadLastAsync(PartitionId partition, CancellationToken cancellationToken) => log.ReadLastAsync(partition, cancellationToken);

    public Task<LogRecord?> ReadLastOfAsync(PartitionId partition, string producer, CancellationToken cancellationToken) => log.ReadLastOfAsync(partition, producer, cancellationToken);

    public Task<LogRecord?> ReadLastOfAsync(PartitionId partition, string producer, DateTimeOffset since, CancellationToken cancellationToken) =>
        log.ReadLastOfAsync(partition, producer, since, cancellationToken);

    public Task<LogRecord?> ReadAtAsync(PartitionId partition, long offset, CancellationToken cancellationToken) => log.ReadAtAsync(partition, offset, cancellationToken);

    public ValueTask DisposeAsync() => log.DisposeAsync();

    private sealed class TappedReader(IPartitionReader reader, Action<IReadOnlyList<LogRecord>>? read, Action<IReadOnlyList<LogRecord>> committed) : IPartitionReader
    {
        public PartitionId Partition => reader.Partition;

        public async ValueTask<LogBatch> ReadAsync(CancellationToken cancellationToken)
        {
            var batch = await reader.ReadAsync(cancellationToken);
            read?.Invoke(batch.Records);
            return new LogBatch(batch.Partition, batch.Records, () =>
            {
                committed(batch.Records);
                batch.Dispose();
            });
        }

        public ValueTask DisposeAsync() => reader.DisposeAsync();
    }
}
