using Contracts;
using FlowPlatform.Hosting;

namespace Shipping;

/// <summary>The service. Ships what is reserved and paid, and decides about cancellations.</summary>
internal static class ShippingApp
{
    /// <summary>The courier answers in ms; what takes longer is broken, and the next try has the same key.</summary>
    private static readonly TimeSpan CourierTimeout = TimeSpan.FromSeconds(10);

    /// <summary>Builds it on the store, log and command bus that <paramref name="infrastructure"/> chooses.</summary>
    public static WebApplication Build(string[] args, Action<FlowBuilder> infrastructure)
    {
        var builder = WebApplication.CreateBuilder(args);
        builder.AddServiceDefaults();
        builder.AddFlow("shipping", flow =>
        {
            infrastructure(flow);
            Declare(flow);
        });

        var app = builder.Build();
        app.MapDefaultEndpoints();
        app.MapShipmentSummary();
        app.MapShipmentStatus();
        return app;
    }

    /// <summary>Declares its flow.</summary>
    public static void Declare(FlowBuilder flow)
    {
        flow.Services.AddHttpClient<Courier>(http =>
        {
            http.BaseAddress = new Uri("http://simulator");
            http.Timeout = CourierTimeout;
        });
        flow
            .Publishes<ShipmentsEvent>("shipments")
            .Reactor<Dispatcher>("orders", "inventory", "payments")
            .Command<BookCourier, string, BookCourierHandler>();
    }
}
