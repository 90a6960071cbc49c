using FlowPlatform.Tests.Support;
using Npgsql;
using Simulator.Shop;

namespace FlowPlatform.EndToEnd.Tests;

/// <summary>The whole system on Postgres, some services in several processes, while the flow is in full swing.</summary>
public sealed class ReplicaFaultTests
{
    private const int Orders = 900;

    /// <summary>Seconds: a process that is paused or dead is replaced that soon.</summary>
    private const int Lease = 4;
    private static readonly TimeSpan Pace = TimeSpan.FromSeconds(35);

    [Fact]
    public async Task On_Postgres_with_replicas_of_which_one_is_killed_and_one_paused_every_figure_is_exact()
    {
        using var folder = new TemporaryDirectory();
        var dataset = await SyntheticDataset.WriteAsync(folder.Path, new SyntheticFile.Options { Seed = 11, Orders = Orders });
        var figures = Figures.Of(dataset);
        var file = Path.Combine(folder.Path, "report.json");
        await using var host = await AppHostProcess.StartAsync(
            Path.Combine(folder.Path, "data"), new Dictionary<string, string?> { ["FLOW_LEASE"] = $"{Lease}" },
            "--stores", "postgres", "--replicas", "inventory=3", "--replicas", "payments=2", "--dataset", dataset, "--speed", figures.SpeedFor(Pace), "--until-done", "--report", file);
        using var orders = new OrdersClient((await host.UrlsAsync())["orders"]);
        var databases = ServiceDatabases.Of(host.Data);
        await NoServiceOpensAnothersDatabaseAsync(databases);

        await host.AcceptedAsync(orders, Orders / 6);

        // Whoever reserves stock dies: inventory's reactor is serial, so it has all of it.
        var victim = (await databases.OwnerAsync("inventory", "stock-keeper")).ShouldNotBeNull();
        await AppHostProcess.SignalAsync("KILL", victim);

        // One of two that charge cards stands still until the other has its partitions, and then wakes up and believes that it owns them.
        var zombie = (await databases.OwnerAsync("payments", "cashier")).ShouldNotBeNull();
        await AppHostProcess.SignalAsync("STOP", zombie);
        await host.UntilAsync("another replica reserves stock", () => databases.IsWithoutAsync("inventory", victim));
        await host.UntilAsync("the other replica charges cards", () => databases.IsWithoutAsync("payments", zombie));
        await AppHostProcess.SignalAsync("CONT", zombie);
        (await orders.SummaryAsync()).ShouldNotBeNull().Accepted.ShouldBeLessThan(Orders, "the replay must still run when it wakes up");

        (await host.ExitAsync(TimeSpan.FromMinutes(4))).ShouldBe(0);
        host.NoServiceShouldHaveFailed();
        var report = RunReport.Read(file);
        report.ShouldBeWhole();
        report.ShouldHave(figures);
    }

    private static async Task NoServiceOpensAnothersDatabaseAsync(ServiceDatabases databases)
    {
        foreach (var service in ServiceDatabases.Services)
        {
            await (await databases.OpenAsync(service)).DisposeAsync();
            foreach (var other in ServiceDatabases.Services.Where(other => other != service))
            {
                (await Should.ThrowAsync<PostgresException>(() => databases.OpenAsync(service, other), $"{service} opens {other}'s database")).SqlState.ShouldBe(PostgresErrorCodes.InsufficientPrivilege);
            }
        }
    }
}
