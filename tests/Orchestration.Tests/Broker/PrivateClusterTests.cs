using System.Globalization;
using FlowPlatform.Orchestration.Broker;
using FlowPlatform.Orchestration.Processes;

namespace FlowPlatform.Orchestration.Tests.Broker;

public sealed class PrivateClusterTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Three_nodes_form_a_cluster_on_loopback_one_that_is_killed_comes_back_and_nothing_is_left_behind()
    {
        using var folder = new TemporaryFolder();
        var options = new PrivateClusterOptions { DataDirectory = folder.File("rabbitmq") };
        ProcessIdentity[] processes;
        await using (var cluster = await PrivateCluster.StartAsync(options, null, Token))
        {
            processes = Journalled(folder.Path);
            processes.Length.ShouldBe(PrivateCluster.Size + 1, "three nodes and a port mapper are journalled");
            foreach (var process in processes)
            {
                ListeningSockets.Of(process.ProcessId).ShouldNotBeEmpty();
                ListeningSockets.Of(process.ProcessId).ShouldAllBe(address => address.StartsWith("127.", StringComparison.Ordinal) || address.StartsWith("::1", StringComparison.Ordinal));
            }

            var node = cluster.Nodes[1];
            var before = node.ProcessId.ShouldNotBeNull();
            var (amqp, stream) = (node.AmqpPort, node.StreamPort);
            node.Kill();
            await Eventually.HoldsAsync("the node is back", async () => node.ProcessId is { } now && now != before && node.Trouble is null && await NodeReadiness.IsReadyAsync(amqp, stream, Token), TimeSpan.FromMinutes(2));
        }

        processes.ShouldAllBe(process => !process.IsAlive);
        Journalled(folder.Path).ShouldBeEmpty();
        var alone = await Should.ThrowAsync<BrokerException>(() => PrivateBroker.StartAsync(new PrivateBrokerOptions { DataDirectory = options.DataDirectory }, null, Token));
        alone.Message.ShouldContain("belongs to a cluster of 3 nodes. Choose --broker-nodes 3");

        // Once more on the same data: they know each other.
        await using var again = await PrivateCluster.StartAsync(options, null, Token);
        again.Nodes.ShouldAllBe(node => node.Trouble == null);
    }

    private static ProcessIdentity[] Journalled(string folder) =>
    [
        .. Directory.GetDirectories(folder, "processes", SearchOption.AllDirectories).SelectMany(journal => Directory.GetFiles(journal))
            .Select(file => ProcessIdentity.Of(int.Parse(Path.GetFileNameWithoutExtension(file), CultureInfo.InvariantCulture))!),
    ];
}
