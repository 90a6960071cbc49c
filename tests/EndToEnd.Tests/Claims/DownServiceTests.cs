using System.Globalization;
using System.Text.Json;
using Contracts;
using Contracts.Http;
using FlowPlatform.Orchestration.Broker;
using FlowPlatform.Tests.Support;

namespace FlowPlatform.EndToEnd.Tests.Claims;

/// <summary>Sample services as processes of their own: who is down, or not even invented yet, misses nothing.</summary>
public sealed class DownServiceTests(ClaimServers servers)
{
    private const int Before = 200;
    private const int All = 1_000;
    private static readonly DateTimeOffset Start = new(2016, 9, 29, 6, 0, 0, TimeSpan.Zero);

    [Fact]
    public async Task A_service_that_is_down_misses_nothing_and_one_that_is_added_later_sees_everything()
    {
        using var folder = new TemporaryDirectory();
        await using var broker = await PrivateBroker.StartAsync(new PrivateBrokerOptions { DataDirectory = folder.Path }, null, TestContext.Current.CancellationToken);
        await using var ordersPlace = await ServicePlace.CreateAsync(servers, "orders", "postgres");
        await using var onSqlite = await ServicePlace.CreateAsync(servers, "insights", "sqlite");
        await using var onPostgres = await ServicePlace.CreateAsync(servers, "insights", "postgres");
        await using var orders = await ServiceProcess.StartAsync<Projects.Orders>(broker, ordersPlace);
        await using (var first = await ServiceProcess.StartAsync<Projects.Insights>(broker, onSqlite))
        await using (var second = await ServiceProcess.StartAsync<Projects.Insights>(broker, onPostgres))
        {
            await PlaceAsync(orders, 0, Before);
            await HasAsync(first, Before);
            await HasAsync(second, Before);
            await first.KillAsync();
            await second.KillAsync();
        }

        // Nobody notices that they are down: orders are taken, and flow into the log.
        await PlaceAsync(orders, Before, All);
        await Eventually.ThatAsync("the log has all orders", () => orders.GetAsync("flow/status"), status => status.GetProperty("outbox").GetProperty("depth").GetInt64() == 0);

        await using var firstBack = await ServiceProcess.StartAsync<Projects.Insights>(broker, onSqlite);
        await using var secondBack = await ServiceProcess.StartAsync<Projects.Insights>(broker, onPostgres);
        await HasAsync(firstBack, All);
        await HasAsync(secondBack, All);

        // One more consumer of the same stream, only now: from the beginning, without anybody's help.
        await using var laterPlace = await ServicePlace.CreateAsync(servers, "insights", "sqlite");
        await using var later = await ServiceProcess.StartAsync<Projects.Insights>(broker, laterPlace);
        await HasAsync(later, All);
        foreach (var by in new[] { "hour", "country" })
        {
            var revenue = (await firstBack.GetAsync($"revenue?by={by}")).GetRawText();
            (await secondBack.GetAsync($"revenue?by={by}")).GetRawText().ShouldBe(revenue);
            (await later.GetAsync($"revenue?by={by}")).GetRawText().ShouldBe(revenue);
        }
    }

    /// <summary>What the orders add up to is computed here, apart from the product.</summary>
    private static async Task HasAsync(ServiceProcess insights, int orders)
    {
        var gross = Enumerable.Range(0, orders).Sum(number => (number % 5 + 1) * 0.35m).ToString("0.############", CultureInfo.InvariantCulture);
        var totals = await Eventually.ThatAsync($"insights has {orders} orders", TotalsAsync, totals => totals.GetProperty("orders").GetInt32() >= orders, TimeSpan.FromMinutes(1));
        (totals.GetProperty("orders").GetInt32(), totals.GetProperty("gross").GetString()).ShouldBe((orders, gross));

        async Task<JsonElement> TotalsAsync() => (await insights.GetAsync("revenue")).GetProperty("totals");
    }

    private static async Task PlaceAsync(ServiceProcess orders, int from, int to)
    {
        foreach (var batch in Enumerable.Range(from, to - from).Chunk(100))
        {
            await orders.PostAsync("orders/batch", batch.Select(Order));
        }
    }

    private static PlaceOrder Order(int number) => new(
        $"order-{number}", null, number % 3 == 0 ? "EIRE" : "United Kingdom", Start.AddMinutes(number), [new OrderLine("85123A", (number % 5) + 1, 0.35m)]);
}
