using Contracts;
using FlowPlatform.Consumers;

namespace Inventory;

/// <summary>Keeps the authoritative stock. Orders, payments and shipments come in any order relative to one another: what ends an order may be here before the order is.</summary>
internal sealed class StockKeeper : Reactor
{
    public StockKeeper(Supplier supplier)
    {
        On<OrderPlaced>((placed, context) => Reserving.PlaceAsync(placed, context, supplier));
        On<PaymentDeclined>((declined, context) => Settling.EndAsync(declined.OrderId, Ending.Declined, context));
        On<OrderCancelled>((cancelled, context) => Settling.EndAsync(cancelled.OrderId, Ending.Cancelled, context));
        On<OrderShipped>((shipped, context) => Settling.EndAsync(shipped.OrderId, Ending.Shipped, context));
        On<GoodsReturned>(Restocking.ReturnAsync);
    }
}
