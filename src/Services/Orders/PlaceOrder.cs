using Contracts.Http;
using FlowPlatform.Stores;
using Microsoft.AspNetCore.Mvc;
using ServiceDefaults;

namespace Orders;

/// <summary><c>POST /orders</c>: 202 with Location; 200 for the same order again; 409 for another one under the same id.</summary>
internal static class PlaceOrderEndpoint
{
    private const int MaxBytes = 1024 * 1024;

    public static void MapPlaceOrder(this IEndpointRouteBuilder app) => app.MapPost("/orders", PlaceAsync)
        .WithMetadata(new RequestSizeLimitAttribute(MaxBytes))
        .Produces<Accepted>(StatusCodes.Status202Accepted)
        .Produces<Accepted>()
        .ProducesValidationProblem()
        .ProducesProblem(StatusCodes.Status409Conflict);

    private static async Task<IResult> PlaceAsync(PlaceOrder order, IServiceStore store, TimeProvider clock, CancellationToken cancellationToken)
    {
        var faults = OrderRules.Check(order);
        if (faults.Any)
        {
            return faults.ToProblem();
        }

        Candidate[] candidates = [Candidate.Of(order)];
        var results = await store.WriteAsync(transaction => OrderPlacing.DecideAsync(transaction, candidates, clock.GetUtcNow()), cancellationToken);
        var answer = new Accepted(order.OrderId, "placed", results[0].AcceptedAt);
        return results[0].Outcome switch
        {
            Outcome.Accepted => TypedResults.Accepted($"/orders/{Uri.EscapeDataString(order.OrderId)}", answer),
            Outcome.Duplicate => TypedResults.Ok(answer),
            _ => Problems.Conflict($"Order '{order.OrderId}' was placed before with another body. Use another id for another order."),
        };
    }
}
