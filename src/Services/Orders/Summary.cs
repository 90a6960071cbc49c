using System.Data.Common;
using Contracts.Http;
using Dapper;
using FlowPlatform.Hosting;
using FlowPlatform.Stores;
using ServiceDefaults;

namespace Orders;

/// <summary><c>GET /orders/summary</c>: how many orders were accepted, how they stand, and how long they took from accepted to shipped.</summary>
internal static class SummaryEndpoint
{
    public static void MapSummary(this IEndpointRouteBuilder app) => app.MapGet("/orders/summary", GetAsync)
        .Describe("getOrdersSummary", "Orders", "Count orders", "How many were accepted, how they stand, and percentiles of the time from accepted to shipped, in ms of wall time (zeros if nothing shipped).")
        .Example("two-placed", StatusCodes.Status200OK, answer: new OrdersSummary(
            2, 1, OrderStates.Names.ToDictionary(name => name, name => name == "placed" ? 2L : 0L), new Percentiles(0, 0, 0)));

    private static async Task<IResult> GetAsync(ProjectionReader<OrderStatus> projection, IServiceStore store, CancellationToken cancellationToken)
    {
        // The projection first: what it has was accepted, so that accepted is never less than the sum over the states.
        Dictionary<string, long> byStatus;
        Percentiles latency;
        await using (var db = await projection.OpenAsync(cancellationToken))
        {
            byStatus = await CountByStatusAsync(db);
            latency = await LatencyAsync(db);
        }

        await using var main = await store.OpenReadAsync(cancellationToken);
        var accepted = await main.ExecuteScalarAsync<long>("SELECT count(*) FROM orders");
        var returns = await main.ExecuteScalarAsync<long>("SELECT count(*) FROM returns");
        return TypedResults.Ok(new OrdersSummary(accepted, returns, byStatus, latency));
    }

    internal static async Task<Dictionary<string, long>> CountByStatusAsync(DbConnection db)
    {
        var byStatus = OrderStates.Names.ToDictionary(name => name, _ => 0L);
        foreach (var (state, count) in await db.QueryAsync<(long State, long Count)>("SELECT state, count(*) FROM order_status WHERE placed_at IS NOT NULL GROUP BY state"))
        {
            byStatus[OrderStates.NameOf((OrderState)state)] = count;
        }

        return byStatus;
    }

    /// <summary>Nearest rank, walked along the index: exact, with no sort.</summary>
    internal static async Task<Percentiles> LatencyAsync(DbConnection db)
    {
        var count = await db.ExecuteScalarAsync<long>("SELECT count(*) FROM order_status WHERE latency_ms IS NOT NULL");
        return count == 0 ? new Percentiles(0, 0, 0) : new Percentiles(await AtAsync(50), await AtAsync(95), await AtAsync(99));

        Task<double> AtAsync(int percent) => db.ExecuteScalarAsync<double>(
            "SELECT latency_ms FROM order_status WHERE latency_ms IS NOT NULL ORDER BY latency_ms LIMIT 1 OFFSET @skip",
            new { skip = ((count * percent) + 99) / 100 - 1 });
    }
}
