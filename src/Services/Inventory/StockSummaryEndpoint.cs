using Contracts.Http;
using Dapper;
using FlowPlatform.Stores;
using Microsoft.AspNetCore.Http.HttpResults;
using ServiceDefaults;

namespace Inventory;

/// <summary><c>GET /stock/summary</c>: exact, from the reactor's own state.</summary>
internal static class StockSummaryEndpoint
{
    private const string Sql =
        """
        SELECT coalesce(sum(units), 0) AS ReservedUnits,
               coalesce(sum(units) FILTER (WHERE status = 'Released'), 0) AS ReleasedUnits,
               coalesce(sum(units) FILTER (WHERE status = 'Dispatched'), 0) AS DispatchedUnits,
               count(*) FILTER (WHERE status IN ('Reserved', 'Released', 'Dispatched')) AS Reservations,
               count(*) FILTER (WHERE status = 'Rejected') AS Rejections,
               (SELECT count(*) FROM restock) AS Returns,
               (SELECT coalesce(sum(units), 0) FROM restock) AS RestockedUnits,
               (SELECT coalesce(sum(lines), 0) FROM adjustment) AS AdjustmentLines
        FROM reservation
        """;

    public static void MapStockSummary(this IEndpointRouteBuilder app) => app.MapGet("/stock/summary", GetAsync)
        .Describe("getStockSummary", "Stock", "Sum up stock", "Exact units and counts from Inventory's own state.")
        .Example("one-adjustment", StatusCodes.Status200OK, answer: new StockSummary(0, 0, 0, 0, 0, 0, 0, AdjustmentLines: 2));

    private static async Task<Ok<StockSummary>> GetAsync(IServiceStore store, CancellationToken cancellationToken)
    {
        await using var db = await store.OpenReadAsync(cancellationToken);
        var row = await db.QuerySingleAsync<Row>(Sql);
        return TypedResults.Ok(new StockSummary(
            row.ReservedUnits, row.ReleasedUnits, row.DispatchedUnits, row.RestockedUnits, row.Reservations, row.Rejections, row.Returns, row.AdjustmentLines));
    }

    private sealed class Row
    {
        public long ReservedUnits { get; init; }

        public long ReleasedUnits { get; init; }

        public long DispatchedUnits { get; init; }

        public long RestockedUnits { get; init; }

        public long Reservations { get; init; }

        public long Rejections { get; init; }

        public long Returns { get; init; }

        public long AdjustmentLines { get; init; }
    }
}
