using Contracts;
using FlowPlatform.Hosting;

namespace Inventory;

/// <summary>The service. Keeps stock: sets it aside for orders, releases or dispatches it, takes returns and adjustments.</summary>
internal static class InventoryApp
{
    /// <summary>Builds it on the store, log and command bus that <paramref name="infrastructure"/> chooses.</summary>
    public static WebApplication Build(string[] args, Action<FlowBuilder> infrastructure)
    {
        var builder = WebApplication.CreateBuilder(args);
        builder.AddServiceDefaults();
        builder.AddFlow("inventory", flow =>
        {
            infrastructure(flow);
            Declare(flow);
        });

        var app = builder.Build();
        app.MapDefaultEndpoints();
        app.MapStockAdjustments();
        app.MapStockSummary();
        app.MapStock();
        return app;
    }

    /// <summary>Declares its flow.</summary>
    public static void Declare(FlowBuilder flow)
    {
        flow.Services.AddSingleton(Supplier.From(flow.Configuration));
        flow
            .Publishes<InventoryEvent>("inventory")
            .Reactor<StockKeeper>("orders", "payments", "shipments")
            .Projection<StockLevels>("inventory");
    }
}
