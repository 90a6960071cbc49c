using Contracts;
using FlowPlatform.Consumers;

namespace Inventory;

/// <summary>Read model: pieces on hand and reserved by code. Only sums, so partitions may come in any order (rule C5).</summary>
internal sealed class StockLevels : Projection
{
    public StockLevels()
    {
        On<StockReplenished>((replenished, context) => StockBook.ChangeAsync(context, [new StockChange(replenished.Code, replenished.Quantity, 0)]));
        On<StockReserved>((reserved, context) => AddAsync(reserved.Stock, 0, 1, context));
        On<StockReleased>((released, context) => AddAsync(released.Stock, 0, -1, context));
        On<StockDispatched>((dispatched, context) => AddAsync(dispatched.Stock, -1, -1, context));
        On<StockRestocked>((restocked, context) => AddAsync(restocked.Stock, 1, 0, context));
        On<StockAdjusted>((adjusted, context) => AddAsync(adjusted.Stock, 1, 0, context));
    }

    private static Task AddAsync(IReadOnlyList<StockQuantity> stock, int onHand, int reserved, ProjectionContext context) =>
        StockBook.ChangeAsync(context, [.. stock.Select(line => new StockChange(line.Code, onHand * line.Quantity, reserved * line.Quantity))]);
}
