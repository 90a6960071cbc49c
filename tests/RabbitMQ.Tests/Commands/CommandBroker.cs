using FlowPlatform.Orchestration.Broker;
using RabbitMQ.Client;
using RabbitMQ.Client.Events;
using RabbitMQ.Client.Exceptions;

namespace FlowPlatform.RabbitMQ.Tests.Commands;

/// <summary>A lease on the test run's broker, and an AMQP connection to look at its queues.</summary>
public sealed class CommandBroker : IAsyncLifetime
{
    private SharedTestBroker? broker;
    private IConnection? connection;

    public string AmqpUri => broker!.AmqpUri;

    public async ValueTask InitializeAsync()
    {
        broker = await SharedTestBroker.AcquireAsync(TestContext.Current.CancellationToken);
        connection = await new ConnectionFactory { Uri = new Uri(AmqpUri) }.CreateConnectionAsync(TestContext.Current.CancellationToken);
    }

    public async ValueTask DisposeAsync()
    {
        if (connection is not null)
        {
            await connection.DisposeAsync();
        }

        if (broker is not null)
        {
            await broker.DisposeAsync();
        }
    }

    /// <summary>The next message of a queue.</summary>
    internal async Task<(string? MessageId, byte[] Body)> ReadAsync(string queue)
    {
        await using var channel = await connection!.CreateChannelAsync();
        await channel.QueueDeclareAsync(queue, durable: true, exclusive: false, autoDelete: false);
        var arrived = new TaskCompletionSource<(string? MessageId, byte[] Body)>(TaskCreationOptions.RunContinuationsAsynchronously);
        var consumer = new AsyncEventingBasicConsumer(channel);
        consumer.ReceivedAsync += (_, message) =>
        {
            arrived.TrySetResult((message.BasicProperties.MessageId, message.Body.ToArray())); // the client reuses its buffer
            return Task.CompletedTask;
        };
        await channel.BasicConsumeAsync(queue, autoAck: true, consumer);
        return await arrived.Task.WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);
    }

    /// <summary>Messages ready in a queue; null if there is no such queue.</summary>
    internal async Task<uint?> CountAsync(string queue)
    {
        await using var channel = await connection!.CreateChannelAsync();
        try
        {
            return (await channel.QueueDeclarePassiveAsync(queue)).MessageCount;
        }
        catch (OperationInterruptedException missing) when (missing.ShutdownReason?.ReplyCode == 404)
        {
            return null;
        }
    }

    internal async Task DeleteAsync(string command)
    {
        await using var channel = await connection!.CreateChannelAsync();
        foreach (var name in new[] { command, $"{command}_error" })
        {
            await channel.QueueDeleteAsync(name);
            await channel.ExchangeDeleteAsync(name);
        }
    }
}
