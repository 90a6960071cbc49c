using FlowPlatform.Log;
using FlowPlatform.RabbitMQ.StreamProtocol;

namespace FlowPlatform.RabbitMQ.Tests.Cluster;

/// <summary>Who serves readers: seen by the connections that come through a proxy before each node.</summary>
[Collection(OnCluster.Name)]
public sealed class ClusterReadTests(ClusterFixture cluster)
{
    private const int Readers = 8;
    private const int Events = 200;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Readers_are_served_by_replicas_and_leave_the_leader_to_writers()
    {
        var definition = new StreamDefinition($"t{Guid.NewGuid():N}"[..20], 1);
        var partition = new PartitionId(definition.Name, 0);
        await cluster.WholeAsync();
        var proxies = cluster.Nodes.ToDictionary(node => node, node => new TcpProxy(new StreamEndpoint("127.0.0.1", node.StreamPort)));
        try
        {
            var options = cluster.Options();
            options.AddressResolver = node => proxies[cluster.NodeAt(node)].Endpoint;
            await using var log = new RabbitMqEventLog(options, TimeProvider.System);
            await log.EnsureStreamAsync(definition, Token);
            await cluster.WholeAsync(partition);
            await WriteAsync(log, partition);
            var leader = proxies[await cluster.LeaderAsync(partition)];
            var (before, all) = (leader.Accepted, proxies.Values.Sum(proxy => proxy.Accepted));

            for (var number = 0; number < Readers; number++)
            {
                await ReadAsync(log, partition);
            }

            leader.Accepted.ShouldBe(before, "no reader has connected to the leader");
            proxies.Values.Sum(proxy => proxy.Accepted).ShouldBe(all + Readers);
        }
        finally
        {
            await cluster.DeleteAsync(definition);
            foreach (var proxy in proxies.Values)
            {
                await proxy.DisposeAsync();
            }
        }
    }

    private static async Task WriteAsync(RabbitMqEventLog log, PartitionId partition)
    {
        await using var writer = await log.OpenWriterAsync(partition, "tests/read", Token);
        await writer.AppendAsync([.. Enumerable.Range(1, Events).Select(sequence => Sample.Event(sequence))], Token);
        (await log.ReadLastAsync(partition, Token))!.Value.Event.Sequence.ShouldBe(Events);
    }

    private static async Task ReadAsync(RabbitMqEventLog log, PartitionId partition)
    {
        await using var reader = await log.OpenReaderAsync(partition, LogPosition.First, Token);
        for (var last = 0L; last < Events;)
        {
            using var batch = await reader.ReadAsync(Token);
            last = batch.Records[^1].Event.Sequence;
        }
    }
}
