using FlowPlatform.Log;

namespace FlowPlatform.Testing.Running;

/// <summary>A reader whose connection the test can end.</summary>
internal sealed class ObservedReader(ObservedLog log, IPartitionReader reader, Redelivery? again, CancellationToken connection) : IPartitionReader
{
    public PartitionId Partition => reader.Partition;

    public async ValueTask<LogBatch> ReadAsync(CancellationToken cancellationToken)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(connection, cancellationToken);
        try
        {
            var batch = await reader.ReadAsync(either.Token);
            return again is null ? batch : new LogBatch(batch.Partition, batch.Records, () =>
            {
                batch.Dispose();
                again.Finish(batch.Records[^1].Offset);
            });
        }
        catch (OperationCanceledException) when (connection.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            throw ObservedLog.Gone();
        }
    }

    public ValueTask DisposeAsync()
    {
        log.Close(this);
        return reader.DisposeAsync();
    }
}

/// <summary>A writer whose connection the test can end.</summary>
internal sealed class ObservedWriter : IPartitionWriter
{
    private readonly ObservedLog log;
    private readonly IPartitionWriter writer;
    private readonly CancellationToken connection;
    private readonly CancellationTokenRegistration registration;
    private readonly TaskCompletionSource cut = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public ObservedWriter(ObservedLog log, IPartitionWriter writer, CancellationToken connection)
    {
        this.log = log;
        this.writer = writer;
        this.connection = connection;
        registration = connection.Register(cut.SetResult);
        Closed = Task.WhenAny(writer.Closed, cut.Task);
    }

    public PartitionId Partition => writer.Partition;

    public int MaxEventBytes => writer.MaxEventBytes;

    public Task Closed { get; }

    public async Task AppendAsync(IReadOnlyList<EventEnvelope> events, CancellationToken cancellationToken)
    {
        if (connection.IsCancellationRequested)
        {
            throw ObservedLog.Gone();
        }

        await writer.AppendAsync(events, cancellationToken);
        log.Confirm(Partition, events);
    }

    public async ValueTask DisposeAsync()
    {
        await registration.DisposeAsync();
        await writer.DisposeAsync();
    }
}
