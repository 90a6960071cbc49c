using System.Net;
using System.Net.Http.Json;
using Contracts;
using Contracts.Http;
using FlowPlatform.Events;
using Shipping;

namespace Services.Tests.Shipping;

public sealed class ShippingHttpTests : IAsyncLifetime
{
    private static readonly DateTimeOffset Noon = new(2010, 12, 1, 12, 0, 0, TimeSpan.Zero);
    private FlowTest? flow;

    private FlowTest Flow => flow!;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => flow = await FlowTest.StartAsync(ShippingApp.Build);

    public async ValueTask DisposeAsync() => await Flow.DisposeAsync();

    [Fact]
    public async Task A_shipment_tells_where_it_stands()
    {
        using var unknown = await Flow.Client.GetAsync("/shipments/1", Cancellation);
        unknown.StatusCode.ShouldBe(HttpStatusCode.NotFound);
        unknown.Content.Headers.ContentType!.MediaType.ShouldBe("application/problem+json");
        await Flow.GivenAsync(new StockReserved("1", null, "EIRE", 18.695m, 6, []), Noon);
        await StandsAsync("1", "waiting");
        await Flow.GivenAsync(new PaymentCharged("1", 18.695m, "auth"), Noon);
        await StandsAsync("1", "booking");
        await Flow.GivenAsync(new OrderCancelRequested("2"), Noon);
        await StandsAsync("2", "cancelled");
        await Flow.GivenAsync(new OrderRejected("3", ["85123A"]), Noon);
        await StandsAsync("3", "ended");
    }

    [Fact]
    public async Task The_summary_counts_an_order_once_by_how_it_ended()
    {
        await Flow.GivenAsync(new OrderCancelRequested("1"), Noon);
        await Flow.GivenAsync(new OrderCancelRequested("2"), Noon);
        await StandsAsync("1", "cancelled");
        await StandsAsync("2", "cancelled");
        await Flow.GivenAsync(new OrderRejected("2", ["85123A"]), Noon);
        await StandsAsync("2", "ended");
        await Flow.GivenAsync(new OrderCancelRequested("2"), Noon);
        await Eventually.ThatAsync("the request was refused", async () => await SummaryAsync() == new ShipmentsSummary(0, 0, 0, Cancelled: 1, CancelsRefused: 1));
    }

    private async Task<ShipmentsSummary> SummaryAsync() => (await Flow.Client.GetFromJsonAsync<ShipmentsSummary>("/shipments/summary", FlowJson.Options, Cancellation))!;

    private Task StandsAsync(string orderId, string status) => Eventually.ThatAsync($"order {orderId} is {status}", async () =>
    {
        using var answer = await Flow.Client.GetAsync($"/shipments/{orderId}", Cancellation);
        return answer.IsSuccessStatusCode && await answer.Content.ReadFromJsonAsync<ShipmentView>(FlowJson.Options, Cancellation) == new ShipmentView(orderId, status, null);
    });
}
