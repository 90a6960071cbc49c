using FlowPlatform.Log;

namespace FlowPlatform.Testing.Running;

/// <summary>
/// The log as the service under test sees it: notes what it publishes, can be away, and can deliver everything again. Safe for concurrent use.
/// </summary>
internal sealed class ObservedLog(IEventLog log) : IEventLog
{
    private readonly Lock gate = new();
    private readonly List<(PartitionId Partition, EventEnvelope Event)> published = [];
    private readonly HashSet<string> publishedIds = new(StringComparer.Ordinal);
    private readonly HashSet<ObservedReader> readers = [];
    private readonly List<Redelivery> redeliveries = [];
    private CancellationTokenSource connections = new();
    private bool away;

    /// <summary>While true everything throws; open readers and writers die.</summary>
    public bool Away
    {
        get => Volatile.Read(ref away);
        set
        {
            Volatile.Write(ref away, value);
            Cut();
        }
    }

    /// <summary>What the service has published, in the order in which the log confirmed it.</summary>
    public IReadOnlyList<(PartitionId Partition, EventEnvelope Event)> Published
    {
        get
        {
            lock (gate)
            {
                return [.. published];
            }
        }
    }

    /// <summary>Ends all connections; every reader that was open gets its partition from the beginning when it comes back. Completes when the service has finished that.</summary>
    public async Task RedeliverAsync(CancellationToken cancellationToken)
    {
        List<PartitionId> open;
        lock (gate)
        {
            open = [.. readers.Select(reader => reader.Partition)];
        }

        List<Redelivery> ordered = [];
        foreach (var partition in open)
        {
            if (await log.ReadLastAsync(partition, cancellationToken) is { } last)
            {
                ordered.Add(new Redelivery(partition, last.Offset));
            }
        }

        lock (gate)
        {
            redeliveries.AddRange(ordered);
        }

        Cut();
        try
        {
            await Task.WhenAll(ordered.Select(redelivery => redelivery.Done)).WaitAsync(cancellationToken);
        }
        finally
        {
            lock (gate)
            {
                redeliveries.RemoveAll(ordered.Contains);
            }
        }
    }

    public Task EnsureStreamAsync(StreamDefinition definition, CancellationToken cancellationToken) => Here().EnsureStreamAsync(definition, cancellationToken);

    public Task<int> GetPartitionCountAsync(string stream, CancellationToken cancellationToken) => Here().GetPartitionCountAsync(stream, cancellationToken);

    public async Task<IPartitionWriter> OpenWriterAsync(PartitionId partition, string producer, CancellationToken cancellationToken)
    {
        var connection = Connect();
        return new ObservedWriter(this, await Here().OpenWriterAsync(partition, producer, cancellationToken), connection);
    }

    public async Task<IPartitionReader> OpenReaderAsync(PartitionId partition, LogPosition from, CancellationToken cancellationToken)
    {
        var connection = Connect();
        var again = Take(partition);
        var reader = new ObservedReader(this, await Here().OpenReaderAsync(partition, again is null ? from : LogPosition.First, cancellationToken), again, connection);
        lock (gate)
        {
            readers.Add(reader);
        }

        return reader;
    }

    public Task<LogRecord?> ReadFirstAsync(PartitionId partition, CancellationToken cancellationToken) => Here().ReadFirstAsync(partition, cancellationToken);

    public Task<LogRecord?> ReadLastAsync(PartitionId partition, CancellationToken cancellationToken) => Here().ReadLastAsync(partition, cancellationToken);

    public Task<LogRecord?> ReadLastOfAsync(PartitionId partition, string producer, CancellationToken cancellationToken) => Here().ReadLastOfAsync(partition, producer, cancellationToken);

    public Task<LogRecord?> ReadLastOfAsync(PartitionId partition, string producer, DateTimeOffset since, CancellationToken cancellationToken) =>
        Here().ReadLastOfAsync(partition, producer, since, cancellationToken);

    public Task<LogRecord?> ReadAtAsync(PartitionId partition, long offset, CancellationToken cancellationToken) => Here().ReadAtAsync(partition, offset, cancellationToken);

    public async ValueTask DisposeAsync()
    {
        connections.Dispose();
        await log.DisposeAsync();
    }

    public static EventLogUnavailableException Gone() => new("The test has taken the log away, or ended its connections.");

    public void Confirm(PartitionId partition, IReadOnlyList<EventEnvelope> events)
    {
        lock (gate)
        {
            published.AddRange(events.Where(@event => publishedIds.Add(@event.Id)).Select(@event => (partition, @event)));
        }
    }

    public void Close(ObservedReader reader)
    {
        lock (gate)
        {
            readers.Remove(reader);
        }
    }

    private Redelivery? Take(PartitionId partition)
    {
        lock (gate)
        {
            var again = redeliveries.Find(redelivery => redelivery.Partition == partition);
            return again is not null && redeliveries.Remove(again) ? again : null;
        }
    }

    private CancellationToken Connect()
    {
        lock (gate)
        {
            return connections.Token;
        }
    }

    private void Cut()
    {
        CancellationTokenSource ended;
        lock (gate)
        {
            ended = connections;
            connections = new CancellationTokenSource();
        }

        ended.Cancel();
        ended.Dispose();
    }

    private IEventLog Here() => Away ? throw Gone() : log;
}

/// <summary>A partition that one reader gets from the beginning, up to where it ended when that was asked for.</summary>
internal sealed class Redelivery(PartitionId partition, long end)
{
    private readonly TaskCompletionSource done = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public PartitionId Partition => partition;

    public Task Done => done.Task;

    public void Finish(long offset)
    {
        if (offset >= end)
        {
            done.TrySetResult();
        }
    }
}
