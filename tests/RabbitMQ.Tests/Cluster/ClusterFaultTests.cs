using FlowPlatform.Log;
using FlowPlatform.Orchestration.Broker;

namespace FlowPlatform.RabbitMQ.Tests.Cluster;

/// <summary>Faults of nodes while events flow: afterwards every sequence is there once, in order.</summary>
[Collection(OnCluster.Name)]
public sealed class ClusterFaultTests(ClusterFixture cluster) : IAsyncLifetime
{
    private const int Some = 1_000;
    private readonly StreamDefinition definition = new($"t{Guid.NewGuid():N}"[..20], 1);
    private readonly RabbitMqEventLog log = cluster.OpenLog();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private PartitionId Partition => new(definition.Name, 0);

    public async ValueTask InitializeAsync()
    {
        await cluster.WholeAsync();
        await log.EnsureStreamAsync(definition, Token);
        await cluster.WholeAsync(Partition);
    }

    public async ValueTask DisposeAsync()
    {
        await log.DisposeAsync();
        await cluster.DeleteAsync(definition);
    }

    [Fact]
    public Task A_killed_leader_loses_and_doubles_nothing() => UnderLoadAsync(async load =>
    {
        (await cluster.LeaderAsync(Partition)).Kill();
        await load.AdvancedAsync(Some, "after the leader's death");
    });

    [Fact]
    public Task A_killed_follower_is_not_missed() => UnderLoadAsync(async load =>
    {
        (await cluster.FollowerAsync(Partition)).Kill();
        await load.AdvancedAsync(Some, "after a follower's death");
    });

    [Fact]
    public Task A_leader_that_stands_still_is_replaced_and_comes_back() => UnderLoadAsync(load => PausedAsync(load, cluster.LeaderAsync));

    [Fact]
    public Task A_follower_that_stands_still_is_not_missed_and_comes_back() => UnderLoadAsync(load => PausedAsync(load, cluster.FollowerAsync));

    [Fact]
    public Task A_rolling_restart_goes_unnoticed() => UnderLoadAsync(async load =>
    {
        foreach (var node in cluster.Nodes)
        {
            await ClusterFixture.SignalAsync(node, "TERM");
            await load.AdvancedAsync(Some, $"while node {node.Number} is restarted");
            await cluster.WholeAsync(Partition);
        }
    });

    [Fact]
    public async Task Without_a_majority_nothing_is_confirmed_and_with_it_everything_goes_on()
    {
        var options = cluster.Options();
        options.ResolveTimeout = TimeSpan.FromSeconds(2);
        await using var impatient = new RabbitMqEventLog(options, TimeProvider.System);
        await UnderLoadAsync(impatient, async load =>
        {
            var lost = cluster.Nodes.Take(2).ToList();
            await Task.WhenAll(lost.Select(node => node.HoldAsync()));
            await RefusedAsync(load);
            var confirmed = load.Confirmed;
            await RefusedAsync(load);
            load.Confirmed.ShouldBe(confirmed);
            await Should.ThrowAsync<EventLogUnavailableException>(() => impatient.ReadLastAsync(Partition, Token));
            lost.ForEach(node => node.Resume());
            await load.AdvancedAsync(Some, "with all nodes again");
        });
    }

    private static Task RefusedAsync(ClusterLoad load)
    {
        var before = load.Refused;
        return Eventually.ThatAsync("the log is unavailable to the writer", () => load.Refused > before, ClusterFixture.Limit);
    }

    private Task UnderLoadAsync(Func<ClusterLoad, Task> fault) => UnderLoadAsync(log, fault);

    private async Task UnderLoadAsync(RabbitMqEventLog by, Func<ClusterLoad, Task> fault)
    {
        await using var load = new ClusterLoad(by, Partition);
        await load.AdvancedAsync(Some, "before the fault");
        await fault(load);
        await cluster.WholeAsync(Partition);
        await load.AdvancedAsync(Some, "after the fault");
        await load.ShouldBeExactAsync();
    }

    /// <summary>Nobody lets it go on: it is ended and started again because it answers no more.</summary>
    private async Task PausedAsync(ClusterLoad load, Func<PartitionId, Task<PrivateClusterNode>> choose)
    {
        var node = await choose(Partition);
        var paused = node.ProcessId;
        await ClusterFixture.SignalAsync(node, "STOP");
        await load.AdvancedAsync(Some, "after a node has fallen silent");
        await Eventually.ThatAsync("the silent node is another process", () => node.ProcessId is { } now && now != paused, ClusterFixture.Limit);
    }
}
