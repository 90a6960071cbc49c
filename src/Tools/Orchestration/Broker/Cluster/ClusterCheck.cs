using RabbitMQ.Client;
using RabbitMQ.Client.Exceptions;

namespace FlowPlatform.Orchestration.Broker;

/// <summary>Whether nodes found each other: what one is told, all know. A node that stayed alone serves as well as any other.</summary>
internal static class ClusterCheck
{
    private const int NotFound = 404;
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(20);

    /// <exception cref="BrokerException">A node stayed alone.</exception>
    public static async Task AreTogetherAsync(IReadOnlyList<PrivateClusterNode> nodes, ClusterLayout layout, CancellationToken cancellationToken)
    {
        var probe = $"flowplatform-check-{Guid.NewGuid():N}";
        await UseAsync(nodes[0], layout, channel => channel.ExchangeDeclareAsync(probe, ExchangeType.Direct, durable: true, autoDelete: false, cancellationToken: cancellationToken), cancellationToken);
        foreach (var node in nodes.Skip(1))
        {
            try
            {
                await UseAsync(node, layout, channel => channel.ExchangeDeclarePassiveAsync(probe, cancellationToken), cancellationToken);
            }
            catch (OperationInterruptedException e) when (e.ShutdownReason?.ReplyCode == NotFound)
            {
                throw new BrokerException($"Node {node.Number} runs, but didn't join node {nodes[0].Number}. Why is in {layout.FolderOf(node.Number)}/log.", e);
            }
        }
        await UseAsync(nodes[0], layout, channel => channel.ExchangeDeleteAsync(probe, cancellationToken: cancellationToken), cancellationToken);
    }

    private static async Task UseAsync(PrivateClusterNode node, ClusterLayout layout, Func<IChannel, Task> use, CancellationToken cancellationToken)
    {
        var factory = new ConnectionFactory
        {
            HostName = "127.0.0.1",
            Port = node.AmqpPort,
            UserName = layout.User,
            Password = layout.Password,
            RequestedConnectionTimeout = Limit,
            ContinuationTimeout = Limit,
            AutomaticRecoveryEnabled = false,
            ClientProvidedName = "flowplatform-check",
        };
        try
        {
            await using var connection = await factory.CreateConnectionAsync(cancellationToken);
            await using var channel = await connection.CreateChannelAsync(cancellationToken: cancellationToken);
            await use(channel);
        }
        catch (Exception e) when (e is BrokerUnreachableException or AlreadyClosedException or IOException or TimeoutException)
        {
            throw new BrokerException($"Node {node.Number} answered, and then no longer: {(e.InnerException ?? e).Message} Why is in {layout.FolderOf(node.Number)}/log.", e);
        }
    }
}
