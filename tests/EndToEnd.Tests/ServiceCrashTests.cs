using System.Globalization;
using FlowPlatform.Orchestration.Processes;
using FlowPlatform.Tests.Support;
using Simulator.Shop;

namespace FlowPlatform.EndToEnd.Tests;

/// <summary>Crashes of services while the flow is in full swing.</summary>
public sealed class ServiceCrashTests
{
    private const int Orders = 1_200;
    private static readonly TimeSpan Pace = TimeSpan.FromSeconds(40);

    /// <summary>FLOW_TEST_SEED repeats a run, or tries another one.</summary>
    private static int Seed => int.TryParse(Environment.GetEnvironmentVariable("FLOW_TEST_SEED"), CultureInfo.InvariantCulture, out var seed) ? seed : 20_101_201;

    [Theory]
    [InlineData("auto")]
    [InlineData("embedded")]
    public async Task Every_service_killed_once_at_a_random_moment_changes_nothing(string broker)
    {
        using var folder = new TemporaryDirectory();
        var dataset = await SyntheticDataset.WriteAsync(folder.Path, new SyntheticFile.Options { Seed = Seed, Orders = Orders });
        var figures = Figures.Of(dataset);
        var file = Path.Combine(folder.Path, "report.json");

        await using var host = await AppHostProcess.StartAsync(
            Path.Combine(folder.Path, "data"), "--dataset", dataset, "--speed", figures.SpeedFor(Pace), "--until-done", "--report", file, "--broker", broker);
        await KillAllAsync(host);
        (await host.ExitAsync(TimeSpan.FromMinutes(3))).ShouldBe(0);

        var report = RunReport.Read(file);
        report.ShouldBeWhole();
        report.ShouldHave(figures);
    }

    /// <summary>Every service once, each when a random number of orders has been accepted, in that order; the next one is killed whether or not the last one is back.</summary>
    private static async Task KillAllAsync(AppHostProcess host)
    {
#pragma warning disable CA5394 // A schedule, not a secret.
        var random = new Random(Seed);
        var schedule = AppHostProcess.Services.Select(service => (Service: service, At: random.Next(Orders / 20, Orders * 8 / 10))).OrderBy(kill => kill.At).ToList();
#pragma warning restore CA5394
        TestContext.Current.TestOutputHelper?.WriteLine($"FLOW_TEST_SEED={Seed}: {string.Join(", ", schedule.Select(kill => $"{kill.Service} at {kill.At}"))} of {Orders} orders");
        using var orders = new OrdersClient((await host.UrlsAsync())["orders"]);
        var killed = new List<(string Service, ProcessIdentity Identity)>();
        foreach (var (service, at) in schedule)
        {
            OrdersClient.Progress? progress = null;
            await host.UntilAsync($"{at} orders are accepted", async () => (progress = await orders.SummaryAsync()) is { } now && now.Accepted >= at);
            progress!.Accepted.ShouldBeLessThan(Orders, $"the replay must still run when {service} is killed");
            var victim = SystemProcesses.Service(host.Data, service).ShouldNotBeNull($"{service} must run");
            await AppHostProcess.SignalAsync("KILL", victim.ProcessId);
            killed.Add((service, victim));
        }

        foreach (var (service, victim) in killed)
        {
            await host.UntilAsync($"{service} was started again", () => Task.FromResult(SystemProcesses.Service(host.Data, service) is { } again && again != victim));
            victim.IsAlive.ShouldBeFalse();
            host.Output.ShouldContain($"{service}: crashed");
        }
    }
}
