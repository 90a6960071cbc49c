using System.Text.Json;
using System.Text.RegularExpressions;
using FlowPlatform.Cli;
using FlowPlatform.Tests.Support;
using Microsoft.Data.Sqlite;

namespace FlowPlatform.EndToEnd.Tests.Repair;

/// <summary>Events that are in no log and in no outbox any more: who has applied them goes on, who hasn't stops and says so, until an operator lets it go on.</summary>
public sealed partial class AcceptedGapTests
{
    [Fact]
    public async Task A_consumer_that_missed_what_is_lost_for_ever_stops_and_names_it_and_goes_on_when_flow_accept_gap_says_so()
    {
        using var folder = new TemporaryDirectory();
        await using var host = await AppHostProcess.StartAsync(Path.Combine(folder.Path, "data"), "--rate", "30/s");
        var urls = await host.UrlsAsync();
        using var orders = new OrdersClient(urls["orders"]);
        await host.UntilAsync("40 orders are shipped", async () => await orders.SummaryAsync() is { Shipped: >= 40 });
        await AppHostProcess.SignalAsync("STOP", SystemProcesses.Service(host.Data, "insights").ShouldNotBeNull().ProcessId);
        await host.UntilAsync("100 more are shipped, which Insights has not seen", async () => await orders.SummaryAsync() is { Shipped: >= 140 });

        // No customers for a moment, so that all others have applied what is lost next.
        var customers = SystemProcesses.Service(host.Data, "simulator").ShouldNotBeNull().ProcessId;
        await AppHostProcess.SignalAsync("STOP", customers);
        await host.UntilAsync("all but Insights have applied every order", async () => await LagsAsync(host) is { Count: > 0 } lags && lags.TrueForAll(lag => lag == 0));
        await host.WhilePausedAsync(async () =>
        {
            await AppHostProcess.SignalAsync("CONT", customers);
            await host.KillAsync("insights");
            await host.KillAsync("orders");
            await host.KillBrokerAsync();
            StreamFiles.CutTail(host.BrokerData, "orders", chunks => chunks / 4).Count.ShouldBe(3);
            await TrimAsync(Path.Combine(host.Data, "orders", "main.db"));
        });

        await host.UntilAsync("insights has stopped at a gap", async () => await MissingAsync(host) is not null);
        using (var http = new HttpClient())
        {
            using var health = await http.GetAsync(new Uri(urls["insights"], "health"), TestContext.Current.CancellationToken);
            ((int)health.StatusCode).ShouldBe(503);
        }

        var status = await host.FailsAsync(ExitCode.NotOk, "status");
        status.Out.ShouldContain("insights: consumer revenue has stopped: Consumer 'revenue' misses orders-");
        status.Out.ReplaceLineEndings(" ").ShouldContain("accept the gap (flow accept-gap)");
        (await host.FailsAsync(ExitCode.Refused, "accept-gap", "stock-keeper", "--stream", "orders", "--partition", "0", "--reason", "none", "--yes"))
            .Error.ShouldContain("has not stopped at orders-0: there is nothing to accept.");
        (await host.FailsAsync(ExitCode.Misuse, "accept-gap", "revenue", "--stream", "orders", "--partition", "0", "--reason", "none")).Error.ShouldContain("add --yes");

        List<string> accepted = [];
        while (await MissingAsync(host) is { } partition)
        {
            accepted.Count.ShouldBeLessThan(3, "each partition lost one tail");
            (await host.DoneAsync("accept-gap", "revenue", "--stream", "orders", "--partition", partition, "--reason", "In no backup either.", "--yes")).ShouldContain($"goes on without what orders-{partition} has lost");
            accepted.Add(partition);
            await host.UntilAsync("revenue goes on, or stops at the next gap", async () => await RevenueAsync(host) is { ValueKind: JsonValueKind.Object } row && (row.GetProperty("state").GetString() == "stopped" ? await MissingAsync(host) != partition : row.GetProperty("lag").GetInt64() == 0));
        }

        accepted.ShouldNotBeEmpty();
        var shipped = (await orders.SummaryAsync()).ShouldNotBeNull().Shipped;
        await host.UntilAsync("orders are shipped", async () => await orders.SummaryAsync() is { } now && now.Shipped > shipped);
        var incidents = await host.DoneAsync("incidents", "--service", "insights");
        incidents.ShouldContain("gap-accepted");
        incidents.ShouldContain("In no backup either.");
        (await host.DoneAsync("incidents", "--service", "inventory", "--consumer", "stock-keeper")).ShouldContain("The log lost sequences");
        var audit = (await host.JsonAsync("audit", "--service", "insights")).GetProperty("entries").EnumerateArray().Select(entry => entry.GetProperty("entry")).ToList();
        audit.Count.ShouldBe(accepted.Count);
        audit.ShouldAllBe(entry => entry.GetProperty("action").GetString() == "accept-gap" && entry.GetProperty("reason").GetString() == "In no backup either." && entry.GetProperty("actor").GetString() == Environment.UserName);

        // What is missing in Insights is missing: the check says so, and of nobody else.
        var check = await host.JsonAsync("check", "--wait", "120");
        check.GetProperty("quiet").GetBoolean().ShouldBeTrue(check.ToString());
        var broken = check.GetProperty("invariants").EnumerateArray().Where(invariant => !invariant.GetProperty("ok").GetBoolean()).Select(invariant => invariant.GetProperty("name").GetString()!).ToList();
        broken.ShouldContain("per-service counts agree");
        broken.ShouldBeSubsetOf(["per-service counts agree", "return refunds = value returned", "revenue and ledger agree"], "of what compares with Insights' revenue");
    }

    /// <summary>Partition of <c>orders</c> of which Insights misses something; null if it has not stopped.</summary>
    private static async Task<string?> MissingAsync(AppHostProcess host) =>
        await RevenueAsync(host) is { ValueKind: JsonValueKind.Object } row && row.GetProperty("state").GetString() == "stopped"
            ? Missing().Match(row.GetProperty("error").GetString()!).Groups[1].Value
            : null;

    /// <summary>How far the consumers of <c>orders</c>, those of Insights aside, are behind it.</summary>
    private static async Task<List<long>> LagsAsync(AppHostProcess host) =>
    [
        .. from service in (await host.JsonAsync("status")).GetProperty("services").EnumerateArray()
           where service.GetProperty("name").GetString() != "insights" && service.GetProperty("flow").ValueKind == JsonValueKind.Object
           from row in service.GetProperty("flow").GetProperty("consumers").EnumerateArray()
           where row.GetProperty("stream").GetString() == "orders"
           select row.TryGetProperty("lag", out var lag) && lag.ValueKind == JsonValueKind.Number ? lag.GetInt64() : long.MaxValue,
    ];

    private static async Task<JsonElement> RevenueAsync(AppHostProcess host) => (await host.JsonAsync("status")).GetProperty("services").EnumerateArray()
        .Where(service => service.GetProperty("name").GetString() == "insights" && service.GetProperty("flow").ValueKind == JsonValueKind.Object)
        .SelectMany(service => service.GetProperty("flow").GetProperty("consumers").EnumerateArray())
        .Where(row => row.GetProperty("stream").GetString() == "orders")
        .OrderByDescending(row => row.GetProperty("state").GetString() == "stopped").ThenByDescending(row => row.TryGetProperty("lag", out var lag) ? lag.GetInt64() : long.MaxValue).FirstOrDefault();

    /// <summary>As if the events had been confirmed a quarter of an hour ago.</summary>
    private static async Task TrimAsync(string database)
    {
        await using var connection = new SqliteConnection($"Data Source={database};Pooling=False");
        await connection.OpenAsync(TestContext.Current.CancellationToken);
        await using var trim = connection.CreateCommand();
        trim.CommandText =
            """
            DELETE FROM flow_outbox WHERE EXISTS (
                SELECT 1 FROM flow_outbox_head head WHERE head.stream = flow_outbox.stream AND head.partition = flow_outbox.partition AND flow_outbox.sequence <= head.confirmed AND flow_outbox.sequence < head.assigned)
            """;
        (await trim.ExecuteNonQueryAsync(TestContext.Current.CancellationToken)).ShouldBeGreaterThan(100);
    }

    [GeneratedRegex(@"misses orders-(\d) sequences")]
    private static partial Regex Missing();
}
