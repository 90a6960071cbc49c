using Contracts.Http;
using FlowPlatform.Stores;
using Microsoft.AspNetCore.Mvc;
using ServiceDefaults;

namespace Orders;

/// <summary><c>POST /orders</c>: 202 with Location; 200 for the same order again; 409 for another one under the same id.</summary>
internal static class PlaceOrderEndpoint
{
    private const int MaxBytes = 1024 * 1024;
    private const string Status = "placed";

    public static void MapPlaceOrder(this IEndpointRouteBuilder app) => app.MapPost("/orders", PlaceAsync)
        .WithMetadata(new RequestSizeLimitAttribute(MaxBytes))
        .Describe("placeOrder", "Orders", "Place an order", "The client names the id and the prices. At most 1 MiB, 2,000 lines and a value of 1,000,000,000. 202: it is kept and will be published, even while there is no broker.")
        .Example("accepted", StatusCodes.Status202Accepted, Samples.Order, Samples.Accepted(Samples.Id, Status))
        .Example("repeated", StatusCodes.Status200OK, Samples.Order, Samples.Accepted(Samples.Id, Status))
        .Refusal("other-body", StatusCodes.Status409Conflict, "Order '536365' was accepted before with another body. Use another id, or send the same body again.", Samples.Other)
        .Invalid("no-lines", "lines", "There are 1 to 2,000 lines.", Samples.Empty);

    private static async Task<IResult> PlaceAsync(PlaceOrder order, IServiceStore store, TimeProvider clock, CancellationToken cancellationToken)
    {
        var faults = OrderRules.Check(order);
        if (faults.Any)
        {
            return faults.ToProblem();
        }

        Candidate[] candidates = [Candidate.Of(order)];
        var results = await store.WriteAsync(transaction => OrderPlacing.DecideAsync(transaction, candidates, Acceptance.Now(clock)), cancellationToken);
        return results[0].ToAnswer("Order", order.OrderId, $"/orders/{Uri.EscapeDataString(order.OrderId)}", new Accepted(order.OrderId, Status, results[0].AcceptedAt));
    }
}
