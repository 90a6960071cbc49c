using Contracts.Http;
using Dapper;
using FlowPlatform.Stores;
using Microsoft.AspNetCore.Http.HttpResults;
using ServiceDefaults;

namespace Shipping;

/// <summary><c>GET /shipments/{orderId}</c>.</summary>
internal static class ShipmentEndpoint
{
    public static void MapShipmentStatus(this IEndpointRouteBuilder app) => app.MapGet("/shipments/{orderId}", FindAsync);

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
