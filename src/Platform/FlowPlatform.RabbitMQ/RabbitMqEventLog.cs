using System.Collections.Concurrent;
using System.Text;
using FlowPlatform.Log;
using FlowPlatform.RabbitMQ.StreamProtocol;

namespace FlowPlatform.RabbitMQ;

/// <summary>
/// The event log on RabbitMQ Streams, brokers 3.10 to 4.x. A stream is a super stream: an exchange and one RabbitMQ stream per partition.
/// Data goes over the native stream protocol, declarations over AMQP. Safe for concurrent use; dispose writers and readers before it.
/// </summary>
public sealed class RabbitMqEventLog : IEventLog
{
    // Partitions are counted by asking for their names; so many per request.
    private const int NamesPerRequest = 16;

    private readonly RabbitMqEventLogOptions options;
    private readonly TimeProvider time;
    private readonly StreamConnector connector;
    private readonly StreamTopology topology;

    // What this log has declared and found as declared: when a writer comes back after a fault, it need not go by AMQP again.
    private readonly ConcurrentDictionary<StreamDefinition, bool> declared = new();

    /// <summary>Creates the log; connects when it is first used.</summary>
    /// <param name="options">Where RabbitMQ is.</param>
    /// <param name="time">The clock of all time limits.</param>
    /// <exception cref="ArgumentException">The options are incomplete or out of bounds.</exception>
    public RabbitMqEventLog(RabbitMqEventLogOptions options, TimeProvider time)
    {
        Check(options);
        this.options = options;
        this.time = time;
        var address = BrokerAddress.Parse(options);
        connector = new StreamConnector(options, address, time);
        topology = new StreamTopology(options, address, time);
    }

    /// <inheritdoc />
    public string MessagingSystem => "rabbitmq";

    /// <inheritdoc />
    public async Task EnsureStreamAsync(StreamDefinition definition, CancellationToken cancellationToken)
    {
        var count = await CheckCountAsync(definition, count => count == 0, cancellationToken);
        if (count == definition.Partitions && declared.ContainsKey(definition))
        {
            return;
        }

        await topology.DeclareAsync(definition, cancellationToken);

        // Again: a declaration that was interrupted earlier may have left more partitions than are defined now. Fewer only means that this node is not told of all yet.
        await CheckCountAsync(definition, count => count < definition.Partitions, cancellationToken);
        declared[definition] = true;
    }

    /// <inheritdoc />
    public async Task<int> GetPartitionCountAsync(string stream, CancellationToken cancellationToken)
    {
        var count = await CountAsync(stream, cancellationToken);
        return count > 0 ? count : throw new StreamNotFoundException(stream);
    }

    /// <inheritdoc />
    public async Task<IPartitionWriter> OpenWriterAsync(PartitionId partition, string producer, CancellationToken cancellationToken)
    {
        if (string.IsNullOrEmpty(producer) || Encoding.UTF8.GetByteCount(producer) > 255)
        {
            throw new ArgumentException($"The producer reference '{producer}' needs 1 to 255 bytes.", nameof(producer));
        }

        return await RabbitMqErrors.TranslatedAsync(
            () => connector.OpenOnLeaderAsync(
                partition.Name,
                "publish",
                connection => RabbitMqPartitionWriter.OpenAsync(partition, producer, connection, options, time, cancellationToken),
                cancellationToken),
            partition);
    }

    /// <inheritdoc />
    public async Task<IPartitionReader> OpenReaderAsync(PartitionId partition, LogPosition from, CancellationToken cancellationToken)
    {
        Task<RabbitMqPartitionReader> Open(StreamConnection connection) =>
            RabbitMqPartitionReader.OpenAsync(partition, from, connection, options, new StallWatch(partition, from, LastOffsetAsync), time, cancellationToken);

        Task<long> LastOffsetAsync(CancellationToken token) => LookAsync(partition, ends => ends.LastOffsetAsync(), token);

        // A replica may trail: where the log ends, only the leader knows.
        var onLeader = from.Kind is LogPositionKind.Next or LogPositionKind.Last;
        return await RabbitMqErrors.TranslatedAsync(
            () => onLeader
                ? connector.OpenOnLeaderAsync(partition.Name, "read", Open, cancellationToken)
                : connector.OpenOnReplicaAsync(partition.Name, "read", Open, cancellationToken),
            partition);
    }

    /// <inheritdoc />
    public Task<LogRecord?> ReadFirstAsync(PartitionId partition, CancellationToken cancellationToken) => ReadAtAsync(partition, 0, cancellationToken);

    /// <inheritdoc />
    public Task<LogRecord?> ReadLastAsync(PartitionId partition, CancellationToken cancellationToken) =>
        LookAsync(partition, ends => ends.LastAsync(null), cancellationToken);

    /// <inheritdoc />
    public Task<LogRecord?> ReadLastOfAsync(PartitionId partition, string producer, CancellationToken cancellationToken) =>
        LookAsync(partition, ends => ends.LastAsync(producer), cancellationToken);

    /// <inheritdoc />
    public Task<LogRecord?> ReadLastOfAsync(PartitionId partition, string producer, DateTimeOffset since, CancellationToken cancellationToken) =>
        LookAsync(partition, ends => ends.LastAsync(producer, since), cancellationToken);

    /// <inheritdoc />
    public Task<LogRecord?> ReadAtAsync(PartitionId partition, long offset, CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        return LookAsync(partition, ends => ends.FirstFromAsync(offset), cancellationToken);
    }

    /// <summary>On which nodes the partition is kept. For those who look after a broker; reading and writing find their node by themselves.</summary>
    /// <exception cref="StreamNotFoundException">There is no such partition.</exception>
    /// <exception cref="EventLogUnavailableException">The broker can't be reached.</exception>
    public Task<PartitionMembers> GetMembersAsync(PartitionId partition, CancellationToken cancellationToken) =>
        RabbitMqErrors.TranslatedAsync(
            async () =>
            {
                var found = (await connector.QueryAsync([partition.Name], cancellationToken))[0];
                return found.Code == StreamResponseCode.StreamDoesNotExist
                    ? throw new StreamNotFoundException(partition.Stream)
                    : new PartitionMembers(found.Leader?.ToString(), [.. found.Replicas.Select(static replica => replica.ToString())]);
            },
            partition);

    /// <inheritdoc />
    public ValueTask DisposeAsync() => connector.DisposeAsync();

    private static void Check(RabbitMqEventLogOptions options)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(options.ConnectTimeout, TimeSpan.FromMilliseconds(1));
        ArgumentOutOfRangeException.ThrowIfLessThan(options.RequestTimeout, TimeSpan.FromMilliseconds(1));
        ArgumentOutOfRangeException.ThrowIfLessThan(options.ResolveTimeout, TimeSpan.Zero);
        ArgumentOutOfRangeException.ThrowIfLessThan(options.ConfirmTimeout, TimeSpan.FromMilliseconds(1));
        ArgumentOutOfRangeException.ThrowIfLessThan(options.StallTimeout, TimeSpan.FromMilliseconds(1));
        ArgumentOutOfRangeException.ThrowIfLessThan(options.Heartbeat, TimeSpan.FromSeconds(1));
        if (!BrokerNodes.IsPossible(options.Nodes))
        {
            throw new ArgumentOutOfRangeException(nameof(options), options.Nodes, "Nodes must be an odd number from 1 to 9.");
        }

        ArgumentOutOfRangeException.ThrowIfLessThan(options.MaxFrameEvents, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(options.MaxFrameBytes, 1024);
        ArgumentOutOfRangeException.ThrowIfLessThan(options.MaxInFlightEvents, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(options.MaxInFlightBytes, 1024);
        ArgumentOutOfRangeException.ThrowIfLessThan(options.InitialCredit, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(options.MaxDeliverBytes, options.MaxInFlightBytes);
    }

    private Task<T> LookAsync<T>(PartitionId partition, Func<LogEnds, Task<T>> look, CancellationToken cancellationToken)
    {
        // Not cancelled in the middle, for the connection is shared: the caller stops waiting, the look (well below a second) ends by itself.
        var looking = RabbitMqErrors.TranslatedAsync(
            () => connector.UseLeaderAsync(partition.Name, (connection, settling) => look(new LogEnds(connection, partition, settling, options.RequestTimeout, time)), CancellationToken.None),
            partition);
        return looking.WaitAsync(cancellationToken);
    }

    private async Task<int> CheckCountAsync(StreamDefinition definition, Func<int, bool> permitted, CancellationToken cancellationToken)
    {
        var count = await CountAsync(definition.Name, cancellationToken);
        if (count != definition.Partitions && !permitted(count))
        {
            throw new StreamDefinitionException(
                definition.Name, $"Stream '{definition.Name}' has {count} partitions and is defined with {definition.Partitions}. The number is fixed; to grow, use a new stream.");
        }

        return count;
    }

    private Task<int> CountAsync(string stream, CancellationToken cancellationToken) =>
        RabbitMqErrors.TranslatedAsync(
            async () =>
            {
                for (var count = 0; ; count += NamesPerRequest)
                {
                    var names = Enumerable.Range(count, NamesPerRequest).Select(index => new PartitionId(stream, index).Name).ToList();
                    var answers = await connector.QueryAsync(names, cancellationToken);
                    var missing = answers.TakeWhile(answer => answer.Code != StreamResponseCode.StreamDoesNotExist).Count();
                    if (missing < NamesPerRequest)
                    {
                        return count + missing;
                    }
                }
            },
            new PartitionId(stream, 0));
}
