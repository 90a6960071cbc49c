using Contracts;
using FlowPlatform.Hosting;
using ServiceDefaults;

namespace Orders;

/// <summary>The service: takes orders and publishes them.</summary>
internal static class OrdersApp
{
    /// <summary>Builds it on the store and log that <paramref name="infrastructure"/> chooses: the real ones in Program.cs, a test's own in tests.</summary>
    public static WebApplication Build(string[] args, Action<FlowBuilder> infrastructure)
    {
        var builder = WebApplication.CreateBuilder(args);
        builder.AddServiceDefaults();
        builder.AddFlow("orders", flow =>
        {
            infrastructure(flow);
            flow.Publishes<OrdersEvent>("orders");
        });

        var app = builder.Build();
        app.MapDefaultEndpoints();
        app.MapPlaceOrder();
        return app;
    }
}
