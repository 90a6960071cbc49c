using Contracts.Http;
using Dapper;
using FlowPlatform.Stores;
using Microsoft.AspNetCore.Http.HttpResults;
using ServiceDefaults;

namespace Shipping;

/// <summary><c>GET /shipments/summary</c>: exact sums. An order that was cancelled and turned out to be rejected or declined, too, counts as that, as it does in Orders.</summary>
internal static class ShipmentSummaryEndpoint
{
    private const string Sql =
        """
        SELECT count(*) FILTER (WHERE status = 'Shipped') AS Shipped,
               coalesce(sum(amount) FILTER (WHERE status = 'Shipped'), 0) AS ShippedAmount,
               coalesce(sum(units) FILTER (WHERE status = 'Shipped'), 0) AS ShippedUnits,
               count(*) FILTER (WHERE status = 'Cancelled') AS Cancelled,
               coalesce(sum(cancels_refused), 0) AS CancelsRefused
        FROM shipment
        """;

    public static void MapShipmentSummary(this IEndpointRouteBuilder app) => app.MapGet("/shipments/summary", GetAsync)
        .Describe("getShipmentsSummary", "Shipments", "Sum up shipments", "Exact sums from Shipping's own state.")
        .Example("one-cancelled", StatusCodes.Status200OK, answer: new ShipmentsSummary(0, 0, 0, 1, 0));

    private static async Task<Ok<ShipmentsSummary>> GetAsync(IServiceStore store, CancellationToken cancellationToken)
    {
        await using var db = await store.OpenReadAsync(cancellationToken);
        var row = await db.QuerySingleAsync<Row>(Sql);
        return TypedResults.Ok(new ShipmentsSummary(row.Shipped, row.ShippedAmount, row.ShippedUnits, row.Cancelled, row.CancelsRefused));
    }

    private sealed class Row
    {
        public long Shipped { get; init; }

        public decimal ShippedAmount { get; init; }

        public long ShippedUnits { get; init; }

        public long Cancelled { get; init; }

        public long CancelsRefused { get; init; }
    }
}
