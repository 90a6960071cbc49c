using System.Globalization;
using FlowPlatform.Log;
using FlowPlatform.Tests.Compliance;
using RabbitMQ.Client;

namespace FlowPlatform.RabbitMQ.Tests;

/// <summary>On a node of its own; the broker that other tests share is another one.</summary>
public sealed class RabbitMqLogIdentityCompliance(CutNode node, BrokerFixture other) : LogIdentityCompliance, IClassFixture<CutNode>
{
    protected override ValueTask<IEventLog> OpenAsync() => ValueTask.FromResult<IEventLog>(new RabbitMqEventLog(node.Options(), TimeProvider.System));

    protected override ValueTask<IEventLog> OpenOtherAsync() => ValueTask.FromResult<IEventLog>(other.OpenLog());

    protected override ValueTask<Func<Task>> RememberAsync(PartitionId partition) => ValueTask.FromResult(node.Remember(partition));

    protected override async Task DeleteAsync(StreamDefinition definition)
    {
        await OverAmqpAsync(channel => DeleteAsync(channel, definition));
        await other.OverAmqpAsync(channel => DeleteAsync(channel, definition));
    }

    protected override Task AddPartitionAsync(StreamDefinition definition) => OverAmqpAsync(async channel =>
    {
        var name = new PartitionId(definition.Name, definition.Partitions).Name;
        await channel.QueueDeclareAsync(
            name, true, false, false, new Dictionary<string, object?> { ["x-queue-type"] = "stream", ["x-stream-max-segment-size-bytes"] = definition.SegmentBytes });
        await channel.QueueBindAsync(
            name, definition.Name, definition.Partitions.ToString(CultureInfo.InvariantCulture), new Dictionary<string, object?> { ["x-stream-partition-order"] = definition.Partitions });
    });

    protected override Task RemovePartitionAsync(StreamDefinition definition) => OverAmqpAsync(channel => channel.QueueDeleteAsync(new PartitionId(definition.Name, definition.Partitions).Name));

    private static async Task DeleteAsync(IChannel channel, StreamDefinition definition)
    {
        foreach (var partition in definition.PartitionIds)
        {
            await channel.QueueDeleteAsync(partition.Name);
        }

        await channel.ExchangeDeleteAsync(definition.Name);
    }

    private async Task OverAmqpAsync(Func<IChannel, Task> use)
    {
        var factory = new ConnectionFactory { Uri = node.Options().AmqpUri! };
        await using var connection = await factory.CreateConnectionAsync("tests", CancellationToken.None);
        await using var channel = await connection.CreateChannelAsync(cancellationToken: CancellationToken.None);
        await use(channel);
    }
}
