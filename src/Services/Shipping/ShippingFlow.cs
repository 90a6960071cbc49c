using Contracts;
using FlowPlatform.Hosting;

namespace Shipping;

/// <summary>What flows through Shipping, and what it answers.</summary>
internal static class ShippingFlow
{
    /// <summary>The courier answers in ms; what takes longer is broken, and the next try has the same key.</summary>
    private static readonly TimeSpan CourierTimeout = TimeSpan.FromSeconds(10);

    public static FlowBuilder AddShipping(this FlowBuilder flow)
    {
        flow.Services.AddHttpClient<Courier>(http =>
        {
            http.BaseAddress = new Uri("http://simulator");
            http.Timeout = CourierTimeout;
        });
        return flow
            .Publishes<ShipmentsEvent>("shipments")
            .Reactor<Dispatcher>("orders", "inventory", "payments")
            .Command<BookCourier, string, BookCourierHandler>();
    }

    public static void MapShipping(this IEndpointRouteBuilder app)
    {
        app.MapShipmentSummary();
        app.MapShipmentStatus();
    }
}
