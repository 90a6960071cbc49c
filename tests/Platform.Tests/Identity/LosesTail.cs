using FlowPlatform.Log;
using FlowPlatform.Tests.Support;

namespace FlowPlatform.Tests.Identity;

/// <summary>A log that loses the newest records of a partition just before it is read for the first time.</summary>
internal sealed class LosesTail(MemoryEventLog log, PartitionId losing, int records) : IEventLog
{
    private bool lost;

    public Task EnsureStreamAsync(StreamDefinition definition, CancellationToken cancellationToken) => log.EnsureStreamAsync(definition, cancellationToken);

    public Task<int> GetPartitionCountAsync(string stream, CancellationToken cancellationToken) => log.GetPartitionCountAsync(stream, cancellationToken);

    public Task<IPartitionWriter> OpenWriterAsync(PartitionId partition, string producer, CancellationToken cancellationToken) => log.OpenWriterAsync(partition, producer, cancellationToken);

    public Task<IPartitionReader> OpenReaderAsync(PartitionId partition, LogPosition from, CancellationToken cancellationToken)
    {
        if (!lost && partition == losing)
        {
            lost = true;
            log.CutTail(partition, records);
        }

        return log.OpenReaderAsync(partition, from, cancellationToken);
    }

    public Task<LogRecord?> ReadFirstAsync(PartitionId partition, CancellationToken cancellationToken) => log.ReadFirstAsync(partition, cancellationToken);

    public Task<LogRecord?> ReadLastAsync(PartitionId partition, CancellationToken cancellationToken) => log.ReadLastAsync(partition, cancellationToken);

    public Task<LogRecord?> ReadLastOfAsync(PartitionId partition, string producer, CancellationToken cancellationToken) => log.ReadLastOfAsync(partition, producer, cancellationToken);

    public Task<LogRecord?> ReadAtAsync(PartitionId partition, long offset, CancellationToken cancellationToken) => log.ReadAtAsync(partition, offset, cancellationToken);

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
