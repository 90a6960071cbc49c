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
    private FlowTest? flow;

    private FlowTest Flow => flow!;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => flow = await FlowTest.StartAsync(InsightsApp.Build);

    public async ValueTask DisposeAsync() => await Flow.DisposeAsync();

    [Fact]
    public async Task Revenue_follows_the_log()
    {
        var shop = new ShopHistory(seed: 21, orders: 200);
        await Flow.GivenAsync(shop.Events.Only("orders", "payments"));
        await Flow.SettledAsync();

        var totals = (await AskAsync("")).Totals;
        (totals.Orders, totals.ReturnCount, totals.AdjustmentCount).ShouldBe((200, shop.Returns.Count, shop.Adjustments.Count));
        var byCountry = await AskAsync("?by=country");
        byCountry.Rows.Sum(row => row.Gross).ShouldBe(shop.Orders.Sum(item => item.Order.Amount));
        byCountry.Totals.Adjustments.ShouldBe(shop.Adjustments.Sum(item => item.Amount));
        var first = (await AskAsync("?by=hour")).Rows[0].Key;
        (await AskAsync($"?by=hour&to={first}:00:00Z")).Rows.ShouldBeEmpty();
    }

    [Fact]
    public async Task Faults_are_named()
    {
        using var answer = await Flow.Client.GetAsync(new Uri("/revenue?by=week&from=yesterday", UriKind.Relative), Cancellation);
        answer.StatusCode.ShouldBe(HttpStatusCode.BadRequest);
        answer.Content.Headers.ContentType!.MediaType.ShouldBe("application/problem+json");
        var problem = await answer.Content.ReadFromJsonAsync<JsonElement>(Cancellation);
        problem.GetProperty("errors").EnumerateObject().Select(field => field.Name).ShouldBe(["by", "from"], ignoreOrder: true);
    }

    private async Task<RevenueAnswer> AskAsync(string query) => (await Flow.Client.GetFromJsonAsync<RevenueAnswer>($"/revenue{query}", FlowJson.Options, Cancellation))!;
}
