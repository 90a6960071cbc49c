using FlowPlatform.Tests.Support;

namespace FlowPlatform.EndToEnd.Tests;

/// <summary>The AppHost's end with the real broker and services in full work, in every way without leaving a process.</summary>
public sealed class AppHostLifeTests
{
    private static readonly TimeSpan StopLimit = TimeSpan.FromSeconds(10);

    /// <summary>Six services, the broker, its epmd.</summary>
    private const int LeastProcesses = 1 + 6 + 2;

    /// <summary>One test: each AppHost takes most of a minute of both cores to start.</summary>
    [Fact]
    public async Task Two_run_side_by_side_and_neither_Ctrl_C_within_ten_seconds_nor_kill_9_leaves_a_process()
    {
        using var folder = new TemporaryDirectory();
        await using var first = await StartFlowingAsync(folder.Path, "first");
        await using var second = await StartFlowingAsync(folder.Path, "second");
        SystemProcesses.All(first.Data).Intersect(SystemProcesses.All(second.Data)).ShouldBeEmpty();

        await StopWithCtrlCAsync(first);
        using var orders = new OrdersClient((await second.UrlsAsync())["orders"]);
        var shipped = (await orders.SummaryAsync()).ShouldNotBeNull().Shipped;
        await second.UntilAsync("the other goes on shipping", async () => await orders.SummaryAsync() is { } now && now.Shipped > shipped);

        await AppHostProcess.SignalAsync("KILL", second.ProcessId);
        await Eventually.ThatAsync("no process is left", () => SystemProcesses.All(second.Data).Count == 0);
    }

    private static async Task<AppHostProcess> StartFlowingAsync(string folder, string name)
    {
        var host = await AppHostProcess.StartAsync(Path.Combine(folder, name), "--rate", "20/s");
        await host.FlowsAsync();
        SystemProcesses.All(host.Data).Count.ShouldBeGreaterThanOrEqualTo(LeastProcesses);
        return host;
    }

    private static async Task StopWithCtrlCAsync(AppHostProcess host)
    {
        var started = TimeProvider.System.GetTimestamp();
        await AppHostProcess.SignalAsync("INT", host.ProcessId);
        (await host.ExitAsync(StopLimit * 2)).ShouldBe(0);
        TimeProvider.System.GetElapsedTime(started).ShouldBeLessThan(StopLimit);
        SystemProcesses.All(host.Data).ShouldBeEmpty();
        host.NoServiceShouldHaveFailed();
        File.Exists(Path.Combine(host.Data, "apphost.json")).ShouldBeFalse();
    }
}
