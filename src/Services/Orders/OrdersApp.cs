using Contracts;
using FlowPlatform.Hosting;
using ServiceDefaults;

namespace Orders;

/// <summary>The service: takes orders, cancellations and returns, and tells how each order stands.</summary>
internal static class OrdersApp
{
    /// <summary>Builds it on the store, log and command bus that <paramref name="infrastructure"/> chooses.</summary>
    public static WebApplication Build(string[] args, Action<FlowBuilder> infrastructure)
    {
        var builder = WebApplication.CreateBuilder(args);
        builder.AddServiceDefaults();
        builder.AddFlow("orders", flow =>
        {
            infrastructure(flow);
            flow.Publishes<OrdersEvent>("orders").Projection<OrderStatus>("orders", "inventory", "payments", "shipments");
        });

        var app = builder.Build();
        app.MapDefaultEndpoints();
        app.MapPlaceOrder();
        app.MapPlaceOrderBatch();
        app.MapCancelOrder();
        app.MapReturnGoods();
        app.MapGetOrder();
        app.MapListOrders();
        app.MapSummary();
        return app;
    }
}
