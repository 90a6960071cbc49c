using FlowPlatform.Events;

namespace Contracts;

/// <summary>Stream <c>orders</c>, published by Orders: what customers want.</summary>
public abstract record OrdersEvent;

/// <summary>One line of an order or a return. Codes compare ordinally; a code that does not start with five digits is a service, not stock.</summary>
/// <param name="Code">Stock or service code.</param>
/// <param name="Quantity">Pieces, positive.</param>
/// <param name="UnitPrice">Price of one, up to three decimals.</param>
public sealed record OrderLine(string Code, int Quantity, decimal UnitPrice)
{
    /// <summary>Quantity × price, exact.</summary>
    [System.Text.Json.Serialization.JsonIgnore]
    public decimal Amount => Quantity * UnitPrice;

    /// <summary>True for goods that Inventory keeps; false for services such as postage.</summary>
    [System.Text.Json.Serialization.JsonIgnore]
    public bool IsStock => StockCode.IsStock(Code);
}

/// <summary>Tells goods from services.</summary>
public static class StockCode
{
    /// <summary>Stock codes start with five digits; all others are services.</summary>
    public static bool IsStock(string code) => code.Length >= 5 && code.AsSpan(0, 5).IndexOfAnyExceptInRange('0', '9') < 0;
}

/// <summary>An order was placed. Its event time is when the customer placed it.</summary>
[Event("orders.placed.v1", Key = nameof(OrderId))]
public sealed record OrderPlaced(string OrderId, [PersonalData] string? CustomerId, string Country, IReadOnlyList<OrderLine> Lines) : OrdersEvent
{
    /// <summary>Value of all lines, exact.</summary>
    [System.Text.Json.Serialization.JsonIgnore]
    public decimal Amount => Lines.Sum(line => line.Amount);

    /// <summary>Pieces of all lines, services included.</summary>
    [System.Text.Json.Serialization.JsonIgnore]
    public long Units => Lines.Sum(line => (long)line.Quantity);
}

/// <summary>The customer asks to cancel. A request: Shipping decides.</summary>
[Event("orders.cancel-requested.v1", Key = nameof(OrderId))]
public sealed record OrderCancelRequested(string OrderId) : OrdersEvent;

/// <summary>Goods came back. Names no original order; quantities are positive, money goes back to the customer.</summary>
[Event("orders.returned.v1", Key = nameof(ReturnId))]
public sealed record GoodsReturned(string ReturnId, [PersonalData] string? CustomerId, string Country, IReadOnlyList<OrderLine> Lines) : OrdersEvent
{
    /// <summary>Value of all lines, exact, positive.</summary>
    [System.Text.Json.Serialization.JsonIgnore]
    public decimal Amount => Lines.Sum(line => line.Amount);
}
