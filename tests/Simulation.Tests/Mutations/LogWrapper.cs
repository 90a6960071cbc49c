using FlowPlatform.Log;

namespace FlowPlatform.Simulation;

/// <summary>A log that does what another does, but for what a derived one changes.</summary>
internal abstract class LogWrapper(IEventLog inner) : IEventLog
{
    public Task EnsureStreamAsync(StreamDefinition definition, CancellationToken cancellationToken) => inner.EnsureStreamAsync(definition, cancellationToken);

    public Task<int> GetPartitionCountAsync(string stream, CancellationToken cancellationToken) => inner.GetPartitionCountAsync(stream, cancellationToken);

    public virtual Task<IPartitionWriter> OpenWriterAsync(PartitionId partition, string producer, CancellationToken cancellationToken) =>
        inner.OpenWriterAsync(partition, producer, cancellationToken);

    public virtual Task<IPartitionReader> OpenReaderAsync(PartitionId partition, LogPosition from, CancellationToken cancellationToken) =>
        inner.OpenReaderAsync(partition, from, cancellationToken);

    public virtual Task<LogRecord?> ReadFirstAsync(PartitionId partition, CancellationToken cancellationToken) => inner.ReadFirstAsync(partition, cancellationToken);

    public virtual Task<LogRecord?> ReadLastAsync(PartitionId partition, CancellationToken cancellationToken) => inner.ReadLastAsync(partition, cancellationToken);

    public virtual Task<LogRecord?> ReadLastOfAsync(PartitionId partition, string producer, CancellationToken cancellationToken) =>
        inner.ReadLastOfAsync(partition, producer, cancellationToken);

    public virtual Task<LogRecord?> ReadAtAsync(PartitionId partition, long offset, CancellationToken cancellationToken) => inner.ReadAtAsync(partition, offset, cancellationToken);

    public ValueTask DisposeAsync() => inner.DisposeAsync();
}

/// <summary>The same for a writer.</summary>
internal abstract class WriterWrapper(IPartitionWriter inner) : IPartitionWriter
{
    public PartitionId Partition => inner.Partition;

    public int MaxEventBytes => inner.MaxEventBytes;

    public Task Closed => inner.Closed;

    public abstract Task AppendAsync(IReadOnlyList<EventEnvelope> events, CancellationToken cancellationToken);

    public ValueTask DisposeAsync() => inner.DisposeAsync();
}

/// <summary>The same for a reader: every batch goes through <see cref="Change"/>.</summary>
internal abstract class ReaderWrapper(IPartitionReader inner) : IPartitionReader
{
    public PartitionId Partition => inner.Partition;

    public async ValueTask<LogBatch> ReadAsync(CancellationToken cancellationToken)
    {
        var batch = await inner.ReadAsync(cancellationToken);
        return new LogBatch(batch.Partition, [.. batch.Records.Select(Change)], batch.Dispose);
    }

    public ValueTask DisposeAsync() => inner.DisposeAsync();

    protected abstract LogRecord Change(LogRecord record);
}
