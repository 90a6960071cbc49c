using Contracts;
using Contracts.Http;

namespace Orders;

/// <summary>What the API's description shows. One shop's morning, each example after the ones before it.</summary>
internal static class Samples
{
    public const string Id = "536365";
    public const string Unknown = "999999";
    private static readonly DateTimeOffset Placed = new(2010, 12, 1, 8, 26, 0, TimeSpan.Zero);

    public static readonly PlaceOrder Order = new(Id, "17850", "United Kingdom", Placed, [new OrderLine("85123A", 6, 2.55m), new OrderLine("POST", 1, 3.39m)]);

    public static readonly PlaceOrder Guest = new("536366", null, "France", Placed.AddMinutes(2), [new OrderLine("22633", 6, 1.85m)]);

    public static readonly PlaceOrder Other = Order with { Lines = [new OrderLine("85123A", 12, 2.55m)] };

    public static readonly PlaceOrder Empty = Order with { OrderId = "536367", Lines = [] };

    public static readonly CancelOrder Cancel = new(Placed.AddMinutes(30));

    public static readonly ReturnGoods Return = new("C536379", "14527", "United Kingdom", Placed.AddHours(1), [new OrderLine("D", 1, 27.50m)]);

    public static readonly OrderView View = ViewOf(Order, "17850", 18.69m);

    public static readonly OrderView GuestView = ViewOf(Guest, null, 11.1m) with { UpdatedAt = Cancel.RequestedAt };

    /// <summary>Years after the event: a replay is accepted today.</summary>
    public static Accepted Accepted(string id, string status) => new(id, status, new DateTimeOffset(2026, 1, 2, 3, 4, 5, TimeSpan.Zero));

    private static OrderView ViewOf(PlaceOrder order, string? customer, decimal amount) => new(order.OrderId, "placed", customer, order.Country, amount, order.PlacedAt, order.PlacedAt);
}
