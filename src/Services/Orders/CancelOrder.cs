using Contracts;
using Contracts.Http;
using Dapper;
using FlowPlatform.Stores;
using ServiceDefaults;

namespace Orders;

/// <summary><c>POST /orders/{id}/cancel</c>: a request, about which Shipping decides. 202, 200 for every further one, 404 for an order that was never placed.</summary>
internal static class CancelOrderEndpoint
{
    private const string Status = "cancel-requested";

    public static void MapCancelOrder(this IEndpointRouteBuilder app) => app.MapPost("/orders/{id}/cancel", CancelAsync)
        .Produces<Accepted>(StatusCodes.Status202Accepted)
        .Produces<Accepted>()
        .ProducesValidationProblem()
        .ProducesProblem(StatusCodes.Status404NotFound);

    private static async Task<IResult> CancelAsync(string id, CancelOrder cancel, IServiceStore store, TimeProvider clock, CancellationToken cancellationToken)
    {
        var faults = OrderRules.Check(cancel);
        if (faults.Any)
        {
            return faults.ToProblem();
        }

        var decided = await store.WriteAsync(transaction => DecideAsync(transaction, id, cancel.RequestedAt, clock.GetUtcNow()), cancellationToken);
        return decided switch
        {
            null => Problems.NotFound($"There is no order '{id}'."),
            { Outcome: Outcome.Accepted } accepted => TypedResults.Accepted($"/orders/{Uri.EscapeDataString(id)}", new Accepted(id, Status, accepted.AcceptedAt)),
            { } earlier => TypedResults.Ok(new Accepted(id, Status, earlier.AcceptedAt)),
        };
    }

    /// <summary>The first request counts; a customer who asks again, even with a later time, is told of that one.</summary>
    /// <returns>Null if there is no such order.</returns>
    internal static async ValueTask<Placing?> DecideAsync(StoreTransaction transaction, string id, DateTimeOffset requestedAt, DateTimeOffset now)
    {
        if (await OrderTable.FindAsync(transaction.Connection, id) is not { } order)
        {
            return null;
        }

        if (order.CancelAcceptedAt is { } earlier)
        {
            return new Placing(Outcome.Duplicate, earlier);
        }

        await transaction.Connection.ExecuteAsync("UPDATE orders SET cancel_accepted_at = @now WHERE order_id = @id", new { id, now });
        transaction.Emit(new OrderCancelRequested(id), requestedAt);
        return new Placing(Outcome.Accepted, now);
    }
}
