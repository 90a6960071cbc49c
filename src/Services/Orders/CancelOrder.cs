using Contracts;
using Contracts.Http;
using Dapper;
using FlowPlatform.Stores;
using ServiceDefaults;

namespace Orders;

/// <summary><c>POST /orders/{id}/cancel</c>: a request, about which Shipping decides. 202; 200 for the same request again; 409 for another one (the first counts);
/// 404 for an order that was never placed.</summary>
internal static class CancelOrderEndpoint
{
    private const string Status = "cancel-requested";

    public static void MapCancelOrder(this IEndpointRouteBuilder app) => app.MapPost("/orders/{id}/cancel", CancelAsync)
        .Describe("cancelOrder", "Orders", "Ask to cancel an order", "A request: Shipping decides, and the order's status tells what came of it. One per order; the first counts.")
        .Example("accepted", StatusCodes.Status202Accepted, Samples.Cancel, Samples.Accepted(Samples.Guest.OrderId, Status), [("id", Samples.Guest.OrderId)])
        .Example("repeated", StatusCodes.Status200OK, Samples.Cancel, Samples.Accepted(Samples.Guest.OrderId, Status), [("id", Samples.Guest.OrderId)])
        .Refusal(
            "other-time", StatusCodes.Status409Conflict, "The cancellation of order '536366' was accepted before with another body. Use another id, or send the same body again.",
            Samples.Cancel with { RequestedAt = Samples.Cancel.RequestedAt.AddMinutes(1) }, [("id", Samples.Guest.OrderId)])
        .Refusal("unknown", StatusCodes.Status404NotFound, "There is no order '999999'.", Samples.Cancel, [("id", Samples.Unknown)])
        .Invalid(
            "no-time", "requestedAt", "A time is ISO 8601 with its offset, in the years 2000 to 2099, e.g. 2010-12-01T08:26:00Z.", new CancelOrder(default), [("id", Samples.Id)]);

    private static async Task<IResult> CancelAsync(string id, CancelOrder cancel, IServiceStore store, TimeProvider clock, CancellationToken cancellationToken)
    {
        var faults = OrderRules.Check(cancel);
        if (faults.Any)
        {
            return faults.ToProblem();
        }

        var hash = Fingerprint.Of(cancel);
        return await store.WriteAsync(transaction => DecideAsync(transaction, id, cancel.RequestedAt, hash, Acceptance.Now(clock)), cancellationToken) is { } decided
            ? decided.ToAnswer("The cancellation of order", id, $"/orders/{Uri.EscapeDataString(id)}", new Accepted(id, Status, decided.AcceptedAt))
            : Problems.NotFound($"There is no order '{id}'.");
    }

    /// <returns>Null if there is no such order.</returns>
    internal static async ValueTask<Acceptance?> DecideAsync(StoreTransaction transaction, string id, DateTimeOffset requestedAt, byte[] hash, DateTimeOffset now)
    {
        if (await OrderTable.FindAsync(transaction.Connection, id) is not { } order)
        {
            return null;
        }

        var earlier = order.CancelAcceptedAt is { } at ? new Earlier(order.CancelHash, at) : null;
        return await Acceptance.DecideAsync(earlier, hash, now, async () =>
        {
            await transaction.Connection.ExecuteAsync("UPDATE orders SET cancel_accepted_at = @now, cancel_hash = @hash WHERE order_id = @id", new { id, now, hash });
            transaction.Emit(new OrderCancelRequested(id), requestedAt);
        });
    }
}
