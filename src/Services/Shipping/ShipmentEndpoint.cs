using Contracts.Http;
using Dapper;
using FlowPlatform.Stores;
using Microsoft.AspNetCore.Http.HttpResults;
using ServiceDefaults;

namespace Shipping;

/// <summary><c>GET /shipments/{orderId}</c>.</summary>
internal static class ShipmentEndpoint
{
    public static void MapShipmentStatus(this IEndpointRouteBuilder app) => app.MapGet("/shipments/{orderId}", FindAsync)
        .Describe("getShipment", "Shipments", "Find an order's shipment", "Status: waiting, booking, shipped, cancelled or ended (rejected or declined). The courier's code comes with shipped.")
        .Example("waiting", StatusCodes.Status200OK, answer: new ShipmentView("536365", "waiting", null), with: [("orderId", "536365")])
        .Refusal("unknown", StatusCodes.Status404NotFound, "Shipping knows nothing of an order '999999'.", with: [("orderId", "999999")]);

    private static async Task<Results<Ok<ShipmentView>, ProblemHttpResult>> FindAsync(string orderId, IServiceStore store, CancellationToken cancellationToken)
    {
        await using var db = await store.OpenReadAsync(cancellationToken);
        var shipment = await db.QuerySingleOrDefaultAsync<Shipment>(Shipment.Select, new { orderId });
        return shipment is null
            ? Problems.NotFound($"Shipping knows nothing of an order '{orderId}'.")
            : TypedResults.Ok(new ShipmentView(orderId, InWords(shipment.Status), shipment.TrackingCode));
    }

    private static string InWords(ShipmentStatus status) => status switch
    {
        ShipmentStatus.Waiting => "waiting",
        ShipmentStatus.Booking => "booking",
        ShipmentStatus.Shipped => "shipped",
        ShipmentStatus.Cancelled => "cancelled",
        ShipmentStatus.Rejected or ShipmentStatus.Declined => "ended",
        _ => throw new InvalidOperationException($"{status} is no shipment status."),
    };
}
