using FlowPlatform.Dashboard.Streams;
using FlowPlatform.Dashboard.Tests.Support;
using FlowPlatform.Log;
using FlowPlatform.Orchestration.Broker;
using FlowPlatform.RabbitMQ;

namespace FlowPlatform.Dashboard.Tests.Streams;

/// <summary>Watching a log that is on three nodes.</summary>
public sealed class ClusterSamplingTests
{
    /// <summary>A node is missed, and another elected, on a machine that has other work.</summary>
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(2);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Leader_and_replicas_are_the_clusters_and_the_next_leader_is_seen_when_the_first_is_gone()
    {
        using var directory = new TemporaryDirectory();
        await using var cluster = await PrivateCluster.StartAsync(new PrivateClusterOptions { DataDirectory = directory.Path }, null, Cancel);
        await using var log = new RabbitMqEventLog(new RabbitMqEventLogOptions { AmqpUri = new Uri(cluster.AmqpUri), StreamUri = new Uri(cluster.StreamUri), Nodes = PrivateCluster.Size }, TimeProvider.System);
        var stream = await DashboardBroker.CreateStreamAsync(log, "orders", 1);
        var partition = new PartitionId(stream, 0);
        await DashboardBroker.AppendAsync(log, partition, DashboardBroker.Event(1), DashboardBroker.Event(2));
        await using var service = await ScriptedService.StartAsync("orders");
        service.Status = service.StatusAt(position: 0) with { Streams = [new(stream, 0, 2, 2)], Consumers = [] };
        await using var dashboard = await TestDashboard.StartAsync(settings:
            [.. ScriptedService.Settings(service), ("ConnectionStrings:rabbitmq", cluster.AmqpUri), ("ConnectionStrings:rabbitmq-stream", cluster.StreamUri)]);

        var first = await SeenAsync("leader and both replicas are seen", static reading => reading is { Leader: not null, Replicas.Count: PrivateCluster.Size - 1, Last: 1 });
        first.Replicas.Append(first.Leader).ShouldBe(cluster.Nodes.Select(static node => $"127.0.0.1:{node.StreamPort}"), ignoreOrder: true);

        await cluster.Nodes.Single(node => first.Leader == $"127.0.0.1:{node.StreamPort}").HoldAsync();
        var next = await SeenAsync("another leads", reading => reading is { Leader: not null, Fault: null, Last: 1 } && reading.Leader != first.Leader);
        first.Replicas.ShouldContain(next.Leader!);

        async Task<PartitionReading> SeenAsync(string condition, Func<PartitionReading, bool> holds) =>
            (await Eventually.ThatAsync(condition, () => Task.FromResult(dashboard.Get<FlowBoard>().Find(partition)), reading => reading is not null && holds(reading), Limit))!;
    }
}
