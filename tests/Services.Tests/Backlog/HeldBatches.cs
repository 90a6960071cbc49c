using System.Collections.Concurrent;
using FlowPlatform.Hosting;
using FlowPlatform.Log;
using Microsoft.Extensions.DependencyInjection;

namespace Services.Tests.Backlog;

/// <summary>Counts what readers have handed over and not got back. Safe for concurrent use.</summary>
internal sealed class HeldBatches
{
    private readonly ConcurrentDictionary<PartitionId, Held> partitions = new();

    /// <summary>The most batches of one partition that were held at a time.</summary>
    public int Most => partitions.Values.Max(held => held.Most);

    /// <summary>The most events in one batch.</summary>
    public int Largest => partitions.Values.Max(held => held.Largest);

    /// <summary>Events held now.</summary>
    public int Events => partitions.Values.Sum(held => held.Events);

    /// <summary>Batches of a partition held now.</summary>
    public int Of(PartitionId partition) => partitions.TryGetValue(partition, out var held) ? held.Batches : 0;

    /// <summary>Puts itself before the log that was registered.</summary>
    public void Watch(FlowBuilder flow)
    {
        var inner = flow.Services.Last(service => service.ServiceType == typeof(IEventLog));
        flow.Services.Remove(inner);
        flow.Services.AddSingleton<IEventLog>(provider => new WatchedLog((IEventLog)inner.ImplementationFactory!(provider), this));
    }

    private LogBatch Watch(LogBatch batch)
    {
        var held = partitions.GetOrAdd(batch.Partition, static _ => new Held());
        held.Take(batch.Records.Count);
        return new LogBatch(batch.Partition, batch.Records, () =>
        {
            held.Give(batch.Records.Count);
            batch.Dispose();
        });
    }

    private sealed class Held
    {
        private readonly Lock gate = new();

        public int Batches { get; private set; }

        public int Events { get; private set; }

        public int Most { get; private set; }

        public int Largest { get; private set; }

        public void Take(int events)
        {
            lock (gate)
            {
                (Batches, Events) = (Batches + 1, Events + events);
                (Most, Largest) = (Math.Max(Most, Batches), Math.Max(Largest, events));
            }
        }

        public void Give(int events)
        {
            lock (gate)
            {
                (Batches, Events) = (Batches - 1, Events - events);
            }
        }
    }

    private sealed class WatchedLog(IEventLog inner, HeldBatches held) : IEventLog
    {
        public string MessagingSystem => inner.MessagingSystem;

        public Task EnsureStreamAsync(StreamDefinition definition, CancellationToken cancellationToken) => inner.EnsureStreamAsync(definition, cancellationToken);

        public Task<int> GetPartitionCountAsync(string stream, CancellationToken cancellationToken) => inner.GetPartitionCountAsync(stream, cancellationToken);

        public Task<IPartitionWriter> OpenWriterAsync(PartitionId partition, string producer, CancellationToken cancellationToken) => inner.OpenWriterAsync(partition, producer, cancellationToken);

        public async Task<IPartitionReader> OpenReaderAsync(PartitionId partition, LogPosition from, CancellationToken cancellationToken) =>
            new WatchedReader(await inner.OpenReaderAsync(partition, from, cancellationToken), held);

        public Task<LogRecord?> ReadFirstAsync(PartitionId partition, CancellationToken cancellationToken) => inner.ReadFirstAsync(partition, cancellationToken);

        public Task<LogRecord?> ReadLastAsync(PartitionId partition, CancellationToken cancellationToken) => inner.ReadLastAsync(partition, cancellationToken);

        public Task<LogRecord?> ReadLastOfAsync(PartitionId partition, string producer, CancellationToken cancellationToken) => inner.ReadLastOfAsync(partition, producer, cancellationToken);

        public Task<LogRecord?> ReadAtAsync(PartitionId partition, long offset, CancellationToken cancellationToken) => inner.ReadAtAsync(partition, offset, cancellationToken);

        public ValueTask DisposeAsync() => inner.DisposeAsync();
    }

    private sealed class WatchedReader(IPartitionReader inner, HeldBatches held) : IPartitionReader
    {
        public PartitionId Partition => inner.Partition;

        public async ValueTask<LogBatch> ReadAsync(CancellationToken cancellationToken) => held.Watch(await inner.ReadAsync(cancellationToken));

        public ValueTask DisposeAsync() => inner.DisposeAsync();
    }
}
