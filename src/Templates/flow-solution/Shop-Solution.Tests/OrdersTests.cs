using System.Net;
using System.Net.Http.Json;
using Contracts;
using FlowPlatform.Testing;
using Orders;

namespace ShopNamespace.Tests;

public sealed class OrdersTests
{
    [Fact]
    public async Task An_order_is_published_once_however_often_it_is_sent()
    {
        await using var flow = await FlowTest.StartAsync(OrdersApp.Build);

        (await PostAsync(flow, new PlaceOrder("1", "Germany", 3))).ShouldBe(HttpStatusCode.Accepted);
        (await PostAsync(flow, new PlaceOrder("1", "Germany", 3))).ShouldBe(HttpStatusCode.OK);
        (await PostAsync(flow, new PlaceOrder("1", "Germany", 4))).ShouldBe(HttpStatusCode.Conflict);
        await flow.SettledAsync();

        flow.Emitted<OrderPlaced>().ShouldHaveSingleItem().Event.ShouldBe(new OrderPlaced("1", "Germany", 3));
    }

    [Theory]
    [InlineData("", "Germany", 3)]
    [InlineData("1", "", 3)]
    [InlineData("1", "Germany", 0)]
    public async Task An_order_that_makes_no_sense_is_refused(string id, string country, int pieces)
    {
        await using var flow = await FlowTest.StartAsync(OrdersApp.Build);

        (await PostAsync(flow, new PlaceOrder(id, country, pieces))).ShouldBe(HttpStatusCode.BadRequest);

        flow.Emitted<OrderPlaced>().ShouldBeEmpty();
    }

    private static async Task<HttpStatusCode> PostAsync(FlowTest flow, PlaceOrder order)
    {
        using var answer = await flow.Client.PostAsJsonAsync("/orders", order, TestContext.Current.CancellationToken);
        return answer.StatusCode;
    }
}
