using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Contracts.Http;
using FlowPlatform.Events;
using FlowPlatform.Tests.Support;
using Insights;

namespace Services.Tests.Insights;

public sealed class InsightsHttpTests : IAsyncLifetime
{
    private ServiceFixture? fixture;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => fixture = await ServiceFixture.StartAsync(InsightsApp.Build, typeof(InsightsApp).Assembly, "orders", "payments");

    public async ValueTask DisposeAsync() => await fixture!.DisposeAsync();

    [Fact]
    public async Task Revenue_follows_the_log()
    {
        var shop = new ShopHistory(seed: 21, orders: 200);
        foreach (var partition in shop.Events.ByPartition.Where(records => records[0].Partition.Stream is "orders" or "payments"))
        {
            fixture!.Log.Append(partition[0].Partition, [.. partition.Select(record => record.Event)]);
        }

        await Eventually.ThatAsync("all orders, returns and adjustments are folded", async () =>
            (await AskAsync("")).Totals is { } totals && (totals.Orders, totals.ReturnCount, totals.AdjustmentCount) == (200, shop.Returns.Count, shop.Adjustments.Count));
        var byCountry = await AskAsync("?by=country");
        byCountry.Rows.Sum(row => row.Gross).ShouldBe(shop.Orders.Sum(item => item.Order.Amount));
        byCountry.Totals.Adjustments.ShouldBe(shop.Adjustments.Sum(item => item.Amount));
        var first = (await AskAsync("?by=hour")).Rows[0].Key;
        (await AskAsync($"?by=hour&to={first}:00:00Z")).Rows.ShouldBeEmpty();
    }

    [Fact]
    public async Task Faults_are_named()
    {
        using var answer = await fixture!.Client.GetAsync(new Uri("/revenue?by=week&from=yesterday", UriKind.Relative), Cancellation);
        answer.StatusCode.ShouldBe(HttpStatusCode.BadRequest);
        answer.Content.Headers.ContentType!.MediaType.ShouldBe("application/problem+json");
        var problem = await answer.Content.ReadFromJsonAsync<JsonElement>(Cancellation);
        problem.GetProperty("errors").EnumerateObject().Select(field => field.Name).ShouldBe(["by", "from"], ignoreOrder: true);
    }

    private async Task<RevenueAnswer> AskAsync(string query) => (await fixture!.Client.GetFromJsonAsync<RevenueAnswer>($"/revenue{query}", FlowJson.Options, Cancellation))!;
}
