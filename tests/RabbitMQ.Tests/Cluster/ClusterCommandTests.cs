using FlowPlatform.Commands;
using FlowPlatform.Log;
using FlowPlatform.RabbitMQ.Tests.Commands;
using FlowPlatform.Stores;
using RabbitMQ.Client;
using RabbitMQ.Client.Exceptions;

namespace FlowPlatform.RabbitMQ.Tests.Cluster;

/// <summary>Commands on three nodes.</summary>
[Collection(OnCluster.Name)]
public sealed class ClusterCommandTests(ClusterFixture cluster)
{
    private const int PerBatch = 50;
    private const int PreconditionFailed = 406;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Command_queues_are_quorum_queues_and_the_loss_of_each_node_in_turn_loses_and_doubles_no_command()
    {
        await cluster.WholeAsync();
        await using var store = new FakeStore();
        var outside = new Outside();
        await using (var service = await CommandService.StartAsync(cluster.AmqpUri.ToString(), store, outside, nodes: PrivateClusterSize))
        {
            var sent = new List<string>();
            await SendAsync(service, sent);
            await ShouldBeQuorumAsync(Work.Name);
            foreach (var node in cluster.Nodes)
            {
                node.Kill();
                await SendAsync(service, sent);
                await SendAsync(service, sent);
                await cluster.WholeAsync();
            }

            (await outside.EffectsAsync(sent.Count)).Order(StringComparer.Ordinal).ShouldBe(sent.Order(StringComparer.Ordinal));
            await SendAsync(service, sent);
            (await outside.EffectsAsync(PerBatch)).Order(StringComparer.Ordinal).ShouldBe(sent[^PerBatch..].Order(StringComparer.Ordinal), "nothing came twice in between");
        }

        await DeleteAsync(Work.Name, $"{Work.Name}_error");
    }

    private static int PrivateClusterSize => Orchestration.Broker.PrivateCluster.Size;

    /// <summary>Sends as the relay does: until the queues have confirmed.</summary>
    private static async Task SendAsync(CommandService service, List<string> sent)
    {
        PendingCommand[] commands = [.. Enumerable.Range(sent.Count, PerBatch).Select(number => CommandService.Command($"{number:0000}"))];
        await Eventually.ThatAsync(
            "the commands are confirmed",
            async () =>
            {
                try
                {
                    await service.SendAsync(commands);
                    return true;
                }
                catch (EventLogUnavailableException)
                {
                    return false;
                }
            },
            ClusterFixture.Limit);
        sent.AddRange(Enumerable.Range(sent.Count, PerBatch).Select(number => $"{number:0000}"));
    }

    /// <summary>The broker refuses to take it for a queue of another type, and says of which it is.</summary>
    private async Task ShouldBeQuorumAsync(string queue)
    {
        await using var connection = await cluster.ConnectAsync();
        await using var channel = await connection.CreateChannelAsync(cancellationToken: Token);
        var refused = await Should.ThrowAsync<OperationInterruptedException>(() => channel.QueueDeclareAsync(
            queue, durable: true, exclusive: false, autoDelete: false, new Dictionary<string, object?> { ["x-queue-type"] = "classic" }, cancellationToken: Token));
        refused.ShutdownReason!.ReplyCode.ShouldBe((ushort)PreconditionFailed);
        refused.ShutdownReason.ReplyText.ShouldContain("current is 'quorum'");
    }

    private async Task DeleteAsync(params string[] names)
    {
        await using var connection = await cluster.ConnectAsync();
        await using var channel = await connection.CreateChannelAsync(cancellationToken: Token);
        foreach (var name in names)
        {
            await channel.QueueDeleteAsync(name, cancellationToken: Token);
            await channel.ExchangeDeleteAsync(name, cancellationToken: Token);
        }
    }
}
