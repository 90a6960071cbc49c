using Contracts;
using Contracts.Http;

namespace Services.Tests.Orders;

/// <summary>Valid requests, to be spoilt by the tests.</summary>
internal static class Requests
{
    public static readonly DateTimeOffset Noon = new(2010, 12, 1, 12, 0, 0, TimeSpan.Zero);

    public static PlaceOrder Order(string id = "536365", decimal price = 2.55m) =>
        new(id, "17850.0", "United Kingdom", Noon, [new OrderLine("85123A", 6, price), new OrderLine("POST", 1, 3.395m)]);

    public static ReturnGoods Return(string id = "C536379") => new(id, "14527.0", "France", Noon, [new OrderLine("D", 1, 27.5m)]);
}
