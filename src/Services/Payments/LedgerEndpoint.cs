using Contracts.Http;
using Dapper;
using FlowPlatform.Stores;
using Microsoft.AspNetCore.Http.HttpResults;
using ServiceDefaults;

namespace Payments;

/// <summary><c>GET /ledger</c>: exact sums and counts. What was charged counts as charged though it went back later.</summary>
internal static class LedgerEndpoint
{
    private const string Sql =
        """
        SELECT coalesce(sum(amount) FILTER (WHERE status IN ('Charged', 'Refunding', 'Refunded')), 0) AS Charged,
               coalesce(sum(amount) FILTER (WHERE status = 'Refunded'), 0) AS Refunded,
               (SELECT coalesce(sum(amount), 0) FROM return_refund WHERE done = 1) AS ReturnRefunded,
               (SELECT coalesce(sum(amount), 0) FROM ledger_adjustment) AS Adjustments,
               count(*) FILTER (WHERE status IN ('Charged', 'Refunding', 'Refunded')) AS ChargedOrders,
               count(*) FILTER (WHERE status = 'Declined') AS DeclinedOrders,
               count(*) FILTER (WHERE status = 'Refunded') AS RefundedOrders,
               (SELECT count(*) FROM return_refund WHERE done = 1) AS RefundedReturns,
               (SELECT count(*) FROM ledger_adjustment) AS AdjustmentCount
        FROM payment
        """;

    public static void MapLedger(this IEndpointRouteBuilder app) => app.MapGet("/ledger", GetAsync)
        .Describe("getLedger", "Ledger", "Sum up the ledger", "Exact sums and counts. What was charged counts as charged though it went back later; refunds and returns are positive.")
        .Example("one-adjustment", StatusCodes.Status200OK, answer: Samples.Ledger);

    private static async Task<Ok<Ledger>> GetAsync(IServiceStore store, CancellationToken cancellationToken)
    {
        await using var db = await store.OpenReadAsync(cancellationToken);
        var row = await db.QuerySingleAsync<Row>(Sql);
        return TypedResults.Ok(new Ledger(
            row.Charged, row.Refunded, row.ReturnRefunded, row.Adjustments, row.ChargedOrders, row.DeclinedOrders, row.RefundedOrders, row.RefundedReturns, row.AdjustmentCount));
    }

    private sealed class Row
    {
        public decimal Charged { get; init; }

        public decimal Refunded { get; init; }

        public decimal ReturnRefunded { get; init; }

        public decimal Adjustments { get; init; }

        public long ChargedOrders { get; init; }

        public long DeclinedOrders { get; init; }

        public long RefundedOrders { get; init; }

        public long RefundedReturns { get; init; }

        public long AdjustmentCount { get; init; }
    }
}
