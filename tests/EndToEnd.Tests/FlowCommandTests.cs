using System.Text.Json;
using FlowPlatform.Cli;

namespace FlowPlatform.EndToEnd.Tests;

/// <summary>The command <c>flow</c>, as a process of its own, at the real system.</summary>
public sealed class FlowCommandTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Flow_finds_the_running_system_says_how_it_stands_and_checks_it_while_customers_order()
    {
        using var folder = new TemporaryDirectory();
        var data = Path.Combine(folder.Path, ".flow", "data");
        await using var host = await AppHostProcess.StartAsync(data, "--broker", "embedded", "--rate", "20/s");
        await host.FlowsAsync();

        // Others order, too: what is compared is what services say of each other.
        using (var http = new HttpClient())
        {
            using var body = new StringContent(
                """{"orderId":"BY-HAND-1","country":"EIRE","placedAt":"2010-12-01T08:26:00Z","lines":[{"code":"85123A","quantity":6,"unitPrice":"2.55"}]}""", System.Text.Encoding.UTF8, "application/json");
            using var answer = await http.PostAsync(new Uri((await host.UrlsAsync())["orders"], "orders"), body, Token);
            answer.EnsureSuccessStatusCode();
        }

        var status = await FlowCommand.RunAsync(folder.Path, "status");
        status.Code.ShouldBe(ExitCode.Ok, status.All);
        status.Out.ShouldContain("orders/order-status");
        status.Out.ShouldContain("All is well.");
        status.Out.ShouldNotContain("\u001b");

        for (var round = 1; round <= 2; round++)
        {
            var check = await FlowCommand.RunAsync(folder.Path, "check", "--wait", "120", "--json");
            check.Code.ShouldBe(ExitCode.Ok, check.All);
            using var json = JsonDocument.Parse(check.Out);
            json.RootElement.GetProperty("quiet").GetBoolean().ShouldBeTrue();
            json.RootElement.GetProperty("invariants").EnumerateArray().Select(invariant => invariant.GetProperty("ok").GetBoolean()).ShouldAllBe(ok => ok);
        }

        // There is no dashboard here: the AppHost takes commands without one.
        var before = SystemProcesses.Service(host.Data, "insights").ShouldNotBeNull();
        (await host.DoneAsync("restart", "insights")).ShouldBe("insights is Running, Healthy\n");
        SystemProcesses.Service(host.Data, "insights").ShouldNotBeNull().ShouldNotBe(before);
        await host.DoneAsync("stop", "insights");
        SystemProcesses.Service(host.Data, "insights").ShouldBeNull();
        (await host.DoneAsync("start", "insights")).ShouldBe("insights is Running, Healthy\n");

        using var orders = new OrdersClient((await host.UrlsAsync())["orders"]);
        var shipped = (await orders.SummaryAsync()).ShouldNotBeNull().Shipped;
        await host.UntilAsync("customers go on ordering after the check", async () => await orders.SummaryAsync() is { } now && now.Shipped > shipped);

        await AppHostProcess.SignalAsync("TERM", host.ProcessId);
        await host.ExitAsync(TimeSpan.FromMinutes(1));
        (await FlowCommand.RunAsync(folder.Path, "status")).Code.ShouldBe(ExitCode.Unreachable);
    }
}
