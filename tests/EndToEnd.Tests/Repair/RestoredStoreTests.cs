using FlowPlatform.Cli;
using FlowPlatform.Tests.Support;
using Microsoft.Data.Sqlite;
using Simulator.Shop;

namespace FlowPlatform.EndToEnd.Tests.Repair;

/// <summary>A service whose store was restored from an older backup, while all others went on.</summary>
public sealed class RestoredStoreTests
{
    private const int First = 150;
    private const int Second = 100;
    private const int Third = 20;

    /// <summary>The backup is of a moment at which no command is on its way: what a queue holds then is in no backup (decision 13).</summary>
    [Fact]
    public async Task A_restored_service_stops_and_names_the_cure_and_after_flow_adopt_nothing_is_lost_or_doubled()
    {
        using var folder = new TemporaryDirectory();
        var dataset = await SyntheticDataset.WriteAsync(folder.Path, new SyntheticFile.Options { Seed = 7, Orders = First });
        await using var host = await AppHostProcess.StartAsync(Path.Combine(folder.Path, "data"), "--dataset", dataset, "--speed", "max");
        var urls = await host.UrlsAsync();
        using var orders = new OrdersClient(urls["orders"]);
        var store = Path.Combine(host.Data, "shipping", "main.db");
        var backup = Path.Combine(folder.Path, "backup.db");

        await host.UntilAsync("the first orders are shipped", async () => await orders.SummaryAsync() is { Accepted: First, Shipped: First });
        (await host.DoneAsync("check", "--wait", "120")).ShouldContain("invariants hold.");
        await BackUpAsync(store, backup);
        await OrderAsync(urls["orders"], "second", Second);
        await host.UntilAsync("the second orders are shipped", async () => await orders.SummaryAsync() is { Shipped: First + Second });
        await host.WhilePausedAsync(async () =>
        {
            await host.KillAsync("shipping");
            File.Delete($"{store}-wal");
            File.Delete($"{store}-shm");
            File.Copy(backup, store, overwrite: true);
        });

        // It names what is wrong and the cure, and goes on deciding: nothing of that is published yet.
        await host.UntilAsync("shipping's outbox has stopped", async () => (await FlowCommand.RunAsync(folder.Path, "status", "--data", host.Data)).Out.Contains("shipping: the outbox has stopped", StringComparison.Ordinal));
        var status = (await host.FailsAsync(ExitCode.NotOk, "status")).Out.ReplaceLineEndings(" ");
        status.ShouldContain("shipping: the outbox has stopped: The outbox of shipping/");
        status.ShouldContain("does not fit shipments-");
        status.ShouldContain("restored from an older backup");
        status.ShouldContain("adopt the log (flow adopt)");
        using (var http = new HttpClient())
        {
            using var health = await http.GetAsync(new Uri(urls["shipping"], "health"), TestContext.Current.CancellationToken);
            ((int)health.StatusCode).ShouldBe(503);
        }

        (await host.FailsAsync(ExitCode.Refused, "adopt", "orders", "--reason", "none", "--yes")).Error.ShouldContain("There is nothing to adopt: the outbox fits the log.");
        (await host.DoneAsync("adopt", "shipping", "--reason", "Restored from the backup of this morning.", "--yes")).ShouldContain("shipping goes on as shipping/");

        await OrderAsync(urls["orders"], "third", Third);
        await host.UntilAsync("every order is shipped", async () => await orders.SummaryAsync() is { Shipped: First + Second + Third });
        (await host.DoneAsync("check", "--wait", "120")).ShouldContain("invariants hold.");
        (await host.DoneAsync("status")).ShouldNotContain("stopped");
        (await host.DoneAsync("audit", "--service", "shipping")).ShouldContain("Restored from the backup of this morning.");
        (await host.DoneAsync("incidents", "--service", "shipping")).ShouldContain("adopted");
        await using var log = await WholeLog.OpenAsync(host);
        var shipments = (await log.ReadAsync("shipments")).SelectMany(records => records).ToList();
        shipments.Select(record => record.Event.Id).ShouldBeUnique("what was decided again was not published again");
        shipments.Where(record => record.Event.Type == "shipments.shipped.v1").Select(record => record.Event.Key).Distinct().Count().ShouldBe(First + Second + Third);
        shipments.Select(record => record.Event.Producer).Distinct().Count().ShouldBe(2, "it went on under another name");
    }

    private static async Task OrderAsync(Uri address, string name, int count)
    {
        using var http = new HttpClient { BaseAddress = address };
        foreach (var number in Enumerable.Range(1, count))
        {
            using var body = new StringContent(
                $$"""{"orderId":"{{name}}-{{number}}","country":"EIRE","placedAt":"2011-12-09T12:00:00Z","lines":[{"code":"85123A","quantity":6,"unitPrice":"2.55"}]}""", System.Text.Encoding.UTF8, "application/json");
            using var answer = await http.PostAsync(new Uri("orders", UriKind.Relative), body, TestContext.Current.CancellationToken);
            answer.EnsureSuccessStatusCode();
        }
    }

    /// <summary>As an operator would, while it is in use.</summary>
    private static async Task BackUpAsync(string store, string backup)
    {
        await using var connection = new SqliteConnection($"Data Source={store};Pooling=False");
        await connection.OpenAsync(TestContext.Current.CancellationToken);
        await using var copy = connection.CreateCommand();
        copy.CommandText = "VACUUM INTO $backup";
        copy.Parameters.AddWithValue("$backup", backup);
        await copy.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
    }
}
