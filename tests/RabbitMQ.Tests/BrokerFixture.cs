using FlowPlatform.Log;
using FlowPlatform.Orchestration.Broker;
using FlowPlatform.RabbitMQ.StreamProtocol;
using FlowPlatform.RabbitMQ.Tests;
using RabbitMQ.Client;

[assembly: AssemblyFixture(typeof(BrokerFixture))]

namespace FlowPlatform.RabbitMQ.Tests;

/// <summary>The one broker of the test run; FLOW_TEST_RABBITMQ names another.</summary>
public sealed class BrokerFixture : IAsyncLifetime
{
    private SharedTestBroker? broker;

    public Uri AmqpUri => new(broker!.AmqpUri);

    public Uri StreamUri => new(broker!.StreamUri);

    public async ValueTask InitializeAsync() => broker = await SharedTestBroker.AcquireAsync(CancellationToken.None);

    public ValueTask DisposeAsync() => broker?.DisposeAsync() ?? ValueTask.CompletedTask;

    internal RabbitMqEventLogOptions Options() => new() { AmqpUri = AmqpUri, StreamUri = StreamUri };

    internal RabbitMqEventLog OpenLog() => new(Options(), TimeProvider.System);

    internal StreamConnectionOptions ConnectionOptions(string? password = null)
    {
        var stream = BrokerAddress.Parse(Options()).Stream;
        return new StreamConnectionOptions { Endpoint = stream.Endpoint, User = stream.User, Password = password ?? stream.Password, ConnectionName = "tests" };
    }

    internal Task<StreamConnection> ConnectAsync() => StreamConnection.ConnectAsync(ConnectionOptions(), TestContext.Current.CancellationToken);

    /// <summary>Does something over AMQP, as a foreign client would.</summary>
    internal async Task OverAmqpAsync(Func<IChannel, Task> use)
    {
        var factory = new ConnectionFactory { Uri = AmqpUri };
        await using var connection = await factory.CreateConnectionAsync("tests", CancellationToken.None);
        await using var channel = await connection.CreateChannelAsync(cancellationToken: CancellationToken.None);
        await use(channel);
    }

    internal Task DeleteAsync(StreamDefinition stream) => OverAmqpAsync(async channel =>
    {
        foreach (var partition in stream.PartitionIds)
        {
            await channel.QueueDeleteAsync(partition.Name);
        }

        await channel.ExchangeDeleteAsync(stream.Name);
    });
}
