using System.Net;
using System.Net.Http.Json;
using Contracts;
using Contracts.Http;
using FlowPlatform.Events;
using FlowPlatform.Tests.Support;
using Services.Tests.Process;
using Shipping;

namespace Services.Tests.Shipping;

public sealed class ShippingHttpTests : IAsyncLifetime
{
    private static readonly DateTimeOffset Noon = new(2010, 12, 1, 12, 0, 0, TimeSpan.Zero);
    private ServiceFixture? fixture;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() =>
        fixture = await ServiceFixture.StartAsync(ShippingApp.Build, typeof(ShippingApp).Assembly, "orders", "inventory", "payments");

    public async ValueTask DisposeAsync() => await fixture!.DisposeAsync();

    [Fact]
    public async Task A_shipment_tells_where_it_stands()
    {
        using var unknown = await fixture!.Client.GetAsync("/shipments/1", Cancellation);
        unknown.StatusCode.ShouldBe(HttpStatusCode.NotFound);
        unknown.Content.Headers.ContentType!.MediaType.ShouldBe("application/problem+json");
        Append("inventory", new StockReserved("1", null, "EIRE", 18.695m, 6, []));
        await StandsAsync("1", "waiting");
        Append("payments", new PaymentCharged("1", 18.695m, "auth"));
        await StandsAsync("1", "booking");
        Append("orders", new OrderCancelRequested("2"));
        await StandsAsync("2", "cancelled");
        Append("inventory", new OrderRejected("3", ["85123A"]));
        await StandsAsync("3", "ended");
    }

    [Fact]
    public async Task The_summary_counts_an_order_once_by_how_it_ended()
    {
        Append("orders", new OrderCancelRequested("1"));
        Append("orders", new OrderCancelRequested("2"));
        await StandsAsync("1", "cancelled");
        await StandsAsync("2", "cancelled");
        Append("inventory", new OrderRejected("2", ["85123A"]));
        await StandsAsync("2", "ended");
        Append("orders", new OrderCancelRequested("2"));
        await Eventually.ThatAsync("the request was refused", async () => await SummaryAsync() == new ShipmentsSummary(0, 0, 0, Cancelled: 1, CancelsRefused: 1));
    }

    private async Task<ShipmentsSummary> SummaryAsync() => (await fixture!.Client.GetFromJsonAsync<ShipmentsSummary>("/shipments/summary", FlowJson.Options, Cancellation))!;

    private Task StandsAsync(string orderId, string status) => Eventually.ThatAsync($"order {orderId} is {status}", async () =>
    {
        using var answer = await fixture!.Client.GetAsync($"/shipments/{orderId}", Cancellation);
        return answer.IsSuccessStatusCode && await answer.Content.ReadFromJsonAsync<ShipmentView>(FlowJson.Options, Cancellation) == new ShipmentView(orderId, status, null);
    });

    private void Append(string stream, object @event)
    {
        var record = StilledService.Record(stream, @event, Noon, Guid.NewGuid().ToString());
        fixture!.Log.Append(record.Partition, record.Event);
    }
}
