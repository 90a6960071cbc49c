using Contracts;
using FlowPlatform.Hosting;

namespace Inventory;

/// <summary>What flows through Inventory, and what it answers.</summary>
internal static class InventoryFlow
{
    public static FlowBuilder AddInventory(this FlowBuilder flow)
    {
        flow.Services.AddSingleton(Supplier.From(flow.Configuration));
        return flow
            .Publishes<InventoryEvent>("inventory")
            .Reactor<StockKeeper>("orders", "payments", "shipments")
            .Projection<StockLevels>("inventory");
    }

    public static void MapInventory(this IEndpointRouteBuilder app)
    {
        app.MapStockAdjustments();
        app.MapStockSummary();
        app.MapStock();
    }
}
