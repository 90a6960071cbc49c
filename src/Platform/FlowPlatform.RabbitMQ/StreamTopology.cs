using System.Globalization;
using FlowPlatform.Log;
using RabbitMQ.Client;
using RabbitMQ.Client.Exceptions;

namespace FlowPlatform.RabbitMQ;

/// <summary>
/// Declares super streams over AMQP, which works on every broker from 3.10 on: an exchange, one stream per partition, a binding for each.
/// </summary>
internal sealed class StreamTopology(RabbitMqEventLogOptions options, BrokerAddress address, TimeProvider time)
{
    private const long LargestSegment = 3_000_000_000;
    private const ushort PreconditionFailed = 406;

    /// <summary>Declares everything. Partitions are declared from the last to the first: the first one's existence says that all are there.</summary>
    public async Task DeclareAsync(StreamDefinition definition, CancellationToken cancellationToken)
    {
        var arguments = Arguments(definition, options.Nodes);
        using var limit = new CancellationTokenSource(options.ConnectTimeout + options.RequestTimeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        try
        {
            await using var connection = await ConnectAsync(either.Token);
            await using var channel = await connection.CreateChannelAsync(cancellationToken: either.Token);
            await channel.ExchangeDeclareAsync(
                definition.Name,
                ExchangeType.Direct,
                durable: true,
                autoDelete: false,
                new Dictionary<string, object?> { ["x-super-stream"] = true },
                cancellationToken: either.Token);
            foreach (var partition in definition.PartitionIds.Reverse())
            {
                await channel.QueueDeclareAsync(partition.Name, durable: true, exclusive: false, autoDelete: false, arguments, cancellationToken: either.Token);
                await channel.QueueBindAsync(
                    partition.Name,
                    definition.Name,
                    partition.Index.ToString(CultureInfo.InvariantCulture),
                    new Dictionary<string, object?> { ["x-stream-partition-order"] = partition.Index },
                    cancellationToken: either.Token);
            }
        }
        catch (OperationInterruptedException e) when (e.ShutdownReason?.ReplyCode == PreconditionFailed)
        {
            throw new StreamDefinitionException(
                definition.Name, $"Stream '{definition.Name}' exists with other arguments than it is defined with now: {e.ShutdownReason.ReplyText}. They can't be changed; use a policy, or a new stream.", e);
        }
        catch (OperationCanceledException e) when (!cancellationToken.IsCancellationRequested)
        {
            throw new EventLogUnavailableException($"RabbitMQ at {address.Amqp} didn't declare '{definition.Name}' in time.", e);
        }
        catch (Exception e) when (e is RabbitMQClientException or BrokerUnreachableException or IOException or TimeoutException)
        {
            throw new EventLogUnavailableException($"RabbitMQ at {address.Amqp} didn't declare '{definition.Name}': {(e.InnerException ?? e).Message}", e);
        }
    }

    private static Dictionary<string, object?> Arguments(StreamDefinition definition, int nodes)
    {
        var arguments = new Dictionary<string, object?>
        {
            ["x-queue-type"] = "stream",
            ["x-stream-max-segment-size-bytes"] = InBounds(definition, nameof(definition.SegmentBytes), definition.SegmentBytes, LargestSegment),
        };
        if (nodes > 1)
        {
            arguments["x-initial-cluster-size"] = nodes;
            arguments["x-queue-leader-locator"] = "balanced";
        }

        if (definition.MaxAge is { } age)
        {
            arguments["x-max-age"] = age >= TimeSpan.FromSeconds(1)
                ? string.Create(CultureInfo.InvariantCulture, $"{(long)age.TotalSeconds}s")
                : throw new StreamDefinitionException(definition.Name, $"Stream '{definition.Name}': {nameof(definition.MaxAge)} is {age}; at least one second is needed.");
        }

        if (definition.MaxBytes is { } bytes)
        {
            arguments["x-max-length-bytes"] = InBounds(definition, nameof(definition.MaxBytes), bytes, long.MaxValue);
        }

        return arguments;
    }

    private static long InBounds(StreamDefinition definition, string name, long value, long largest) =>
        value > 0 && value <= largest
            ? value
            : throw new StreamDefinitionException(definition.Name, $"Stream '{definition.Name}': {name} is {value:N0}; 1 to {largest:N0} is possible.");

    /// <summary>Of several nodes, none may use up the time of all.</summary>
    private Task<IConnection> ConnectAsync(CancellationToken cancellationToken) => address.Amqp.ConnectAsync(
        address.VirtualHost, $"{options.ConnectionName} topology", address.Amqp.Others.Count == 0 ? options.ConnectTimeout : options.ConnectTimeout / 2, cancellationToken);
}
