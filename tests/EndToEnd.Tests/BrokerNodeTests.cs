using FlowPlatform.Orchestration.Processes;
using FlowPlatform.Tests.Support;
using RabbitMQ.Client;
using RabbitMQ.Client.Exceptions;
using Simulator.Shop;

namespace FlowPlatform.EndToEnd.Tests;

/// <summary>The whole system on a broker of three nodes, which are taken away while the flow is in full swing.</summary>
public sealed class BrokerNodeTests
{
    private const int Orders = 900;
    private static readonly TimeSpan Pace = TimeSpan.FromSeconds(60);
    private static readonly string[] CommandQueues = ["payments.charge-card", "shipping.book-courier"];

    [Fact]
    public async Task On_three_broker_nodes_of_which_two_are_killed_one_after_the_other_every_figure_is_exact()
    {
        using var folder = new TemporaryDirectory();
        var dataset = await SyntheticDataset.WriteAsync(folder.Path, new SyntheticFile.Options { Seed = 12, Orders = Orders });
        var figures = Figures.Of(dataset);
        var file = Path.Combine(folder.Path, "report.json");
        await using var host = await AppHostProcess.StartAsync(
            Path.Combine(folder.Path, "data"), "--broker-nodes", "3", "--dataset", dataset, "--speed", figures.SpeedFor(Pace), "--until-done", "--report", file);
        using var orders = new OrdersClient((await host.UrlsAsync())["orders"]);
        await CommandQueuesAreQuorumQueuesAsync(host);

        await host.AcceptedAsync(orders, Orders / 10);
        await KillAsync(host, node: 1);
        await host.UntilAsync("the first node is back", () => Task.FromResult(SaysThatIsBack(host, 1)));
        await KillAsync(host, node: 2);
        (await orders.SummaryAsync()).ShouldNotBeNull().Accepted.ShouldBeLessThan(Orders, "the replay must still run when the second node is killed");

        (await host.ExitAsync(TimeSpan.FromMinutes(4))).ShouldBe(0);
        host.NoServiceShouldHaveFailed();
        var report = RunReport.Read(file);
        report.ShouldBeWhole();
        report.ShouldHave(figures);
    }

    private static bool SaysThatIsBack(AppHostProcess host, int node) => host.Output.Contains($"node {node} is back", StringComparison.Ordinal);

    private static async Task KillAsync(AppHostProcess host, int node)
    {
        var victim = SystemProcesses.BrokerNode(host.Data, node).ShouldNotBeNull($"node {node} must run");
        await AppHostProcess.SignalAsync("KILL", victim.ProcessId);
        await host.UntilAsync($"node {node} is gone", () => Task.FromResult(!victim.IsAlive));
    }

    /// <summary>The broker refuses to take each for a queue of another type, and says of which it is.</summary>
    private static async Task CommandQueuesAreQuorumQueuesAsync(AppHostProcess host)
    {
        const int PreconditionFailed = 406;
        await using var connection = await new ConnectionFactory { Uri = host.BrokerAddress() }.CreateConnectionAsync(TestContext.Current.CancellationToken);
        foreach (var queue in CommandQueues)
        {
            await using var channel = await connection.CreateChannelAsync(cancellationToken: TestContext.Current.CancellationToken);
            var refused = await Should.ThrowAsync<OperationInterruptedException>(() => channel.QueueDeclareAsync(
                queue, durable: true, exclusive: false, autoDelete: false, new Dictionary<string, object?> { ["x-queue-type"] = "classic" }, cancellationToken: TestContext.Current.CancellationToken));
            refused.ShutdownReason!.ReplyCode.ShouldBe((ushort)PreconditionFailed);
            refused.ShutdownReason.ReplyText.ShouldContain("current is 'quorum'");
        }
    }
}
