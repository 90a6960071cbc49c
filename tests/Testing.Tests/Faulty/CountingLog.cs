using FlowPlatform.Log;

namespace FlowPlatform.Testing.Tests.Faulty;

/// <summary>Counts the records that readers are given.</summary>
internal sealed class CountingLog(IEventLog log) : IEventLog
{
    private int read;

    public int Read => Volatile.Read(ref read);

    public Task EnsureStreamAsync(StreamDefinition definition, CancellationToken cancellationToken) => log.EnsureStreamAsync(definition, cancellationToken);

    public Task<int> GetPartitionCountAsync(string stream, CancellationToken cancellationToken) => log.GetPartitionCountAsync(stream, cancellationToken);

    public Task<IPartitionWriter> OpenWriterAsync(PartitionId partition, string producer, CancellationToken cancellationToken) => log.OpenWriterAsync(partition, producer, cancellationToken);

    public async Task<IPartitionReader> OpenReaderAsync(PartitionId partition, LogPosition from, CancellationToken cancellationToken) =>
        new Reader(this, await log.OpenReaderAsync(partition, from, cancellationToken));

    public Task<LogRecord?> ReadFirstAsync(PartitionId partition, CancellationToken cancellationToken) => log.ReadFirstAsync(partition, cancellationToken);

    public Task<LogRecord?> ReadLastAsync(PartitionId partition, CancellationToken cancellationToken) => log.ReadLastAsync(partition, cancellationToken);

    public Task<LogRecord?> ReadLastOfAsync(PartitionId partition, string producer, CancellationToken cancellationToken) => log.ReadLastOfAsync(partition, producer, cancellationToken);

    public Task<LogRecord?> ReadAtAsync(PartitionId partition, long offset, CancellationToken cancellationToken) => log.ReadAtAsync(partition, offset, cancellationToken);

    public ValueTask DisposeAsync() => log.DisposeAsync();

    private sealed class Reader(CountingLog log, IPartitionReader reader) : IPartitionReader
    {
        public PartitionId Partition => reader.Partition;

        public async ValueTask<LogBatch> ReadAsync(CancellationToken cancellationToken)
        {
            var batch = await reader.ReadAsync(cancellationToken);
            Interlocked.Add(ref log.read, batch.Records.Count);
            return batch;
        }

        public ValueTask DisposeAsync() => reader.DisposeAsync();
    }
}
