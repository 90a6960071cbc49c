using FlowPlatform.Log;

namespace FlowPlatform.Simulation;

/// <summary>The log as one process reaches it: every call takes its time there and back, and may be lost on either way.</summary>
internal sealed class SimulatedLog(Broker broker, Lane lane) : IEventLog
{
    private readonly Machine machine = broker.Machine;

    public Task EnsureStreamAsync(StreamDefinition definition, CancellationToken cancellationToken) => AskAsync(
        () =>
        {
            broker.Ensure(definition);
            return true;
        },
        cancellationToken);

    public Task<int> GetPartitionCountAsync(string stream, CancellationToken cancellationToken) =>
        AskAsync(() => broker.Count(stream) ?? throw new StreamNotFoundException(stream), cancellationToken);

    public Task<IPartitionWriter> OpenWriterAsync(PartitionId partition, string producer, CancellationToken cancellationToken) => AskAsync<IPartitionWriter>(
        () =>
        {
            var writer = new SimulatedWriter(broker, lane, partition);
            broker.Add(writer);
            return writer;
        },
        cancellationToken);

    public Task<IPartitionReader> OpenReaderAsync(PartitionId partition, LogPosition from, CancellationToken cancellationToken) => AskAsync<IPartitionReader>(
        () =>
        {
            var held = broker.Of(partition);
            var start = from.Kind switch
            {
                LogPositionKind.First => 0,
                LogPositionKind.Offset => Math.Min(from.Value, held.NextOffset),
                _ => throw new NotSupportedException($"Nothing of the platform subscribes at {from.Kind}."),
            };
            var reader = new SimulatedReader(broker, lane, partition, start);
            broker.Add(reader);
            return reader;
        },
        cancellationToken);

    public Task<LogRecord?> ReadFirstAsync(PartitionId partition, CancellationToken cancellationToken) =>
        AskAsync<LogRecord?>(() => broker.Of(partition).Records is [var first, ..] ? first : null, cancellationToken);

    public Task<LogRecord?> ReadLastAsync(PartitionId partition, CancellationToken cancellationToken) =>
        AskAsync<LogRecord?>(() => broker.Of(partition).Records is [.., var last] ? last : null, cancellationToken);

    public Task<LogRecord?> ReadLastOfAsync(PartitionId partition, string producer, CancellationToken cancellationToken) => AskAsync<LogRecord?>(
        () =>
        {
            var index = broker.Of(partition).Records.FindLastIndex(record => record.Event.Producer == producer);
            return index < 0 ? null : broker.Of(partition).Records[index];
        },
        cancellationToken);

    public Task<LogRecord?> ReadAtAsync(PartitionId partition, long offset, CancellationToken cancellationToken) => AskAsync<LogRecord?>(
        () =>
        {
            var held = broker.Of(partition);
            var index = held.IndexOf(offset);
            return index < held.Records.Count ? held.Records[index] : null;
        },
        cancellationToken);

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private async Task<T> AskAsync<T>(Func<T> answer, CancellationToken cancellationToken)
    {
        await machine.PauseAsync();
        cancellationToken.ThrowIfCancellationRequested();
        if (broker.IsAwayFrom(lane) || (broker.Faulty && machine.Dice.OneIn(150)))
        {
            throw new EventLogUnavailableException("The simulated broker can't be reached.");
        }

        var result = answer();
        await machine.PauseAsync();
        cancellationToken.ThrowIfCancellationRequested();
        return broker.IsAwayFrom(lane) ? throw new EventLogUnavailableException("The simulated broker went away before it answered.") : result;
    }
}
