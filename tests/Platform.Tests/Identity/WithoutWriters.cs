using FlowPlatform.Log;

namespace FlowPlatform.Tests.Identity;

/// <summary>A log that can be read and, for the time being, not written.</summary>
internal sealed class WithoutWriters(IEventLog log) : IEventLog
{
    public Task EnsureStreamAsync(StreamDefinition definition, CancellationToken cancellationToken) => log.EnsureStreamAsync(definition, cancellationToken);

    public Task<int> GetPartitionCountAsync(string stream, CancellationToken cancellationToken) => log.GetPartitionCountAsync(stream, cancellationToken);

    public Task<IPartitionWriter> OpenWriterAsync(PartitionId partition, string producer, CancellationToken cancellationToken) =>
        Task.FromException<IPartitionWriter>(new EventLogUnavailableException("Nothing can be written."));

    public Task<IPartitionReader> OpenReaderAsync(PartitionId partition, LogPosition from, CancellationToken cancellationToken) => log.OpenReaderAsync(partition, from, cancellationToken);

    public Task<LogRecord?> ReadFirstAsync(PartitionId partition, CancellationToken cancellationToken) => log.ReadFirstAsync(partition, cancellationToken);

    public Task<LogRecord?> ReadLastAsync(PartitionId partition, CancellationToken cancellationToken) => log.ReadLastAsync(partition, cancellationToken);

    public Task<LogRecord?> ReadLastOfAsync(PartitionId partition, string producer, CancellationToken cancellationToken) => log.ReadLastOfAsync(partition, producer, cancellationToken);

    public Task<LogRecord?> ReadAtAsync(PartitionId partition, long offset, CancellationToken cancellationToken) => log.ReadAtAsync(partition, offset, cancellationToken);

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
