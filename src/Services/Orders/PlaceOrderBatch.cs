using Contracts.Http;
using FlowPlatform.Stores;
using Microsoft.AspNetCore.Mvc;
using ServiceDefaults;

namespace Orders;

/// <summary><c>POST /orders/batch</c>: an array of up to 500 orders, one unit of work for all, and for each its own outcome, in order.</summary>
internal static class PlaceOrderBatchEndpoint
{
    private const int MaxBytes = 16 * 1024 * 1024;

    public static void MapPlaceOrderBatch(this IEndpointRouteBuilder app) => app.MapPost("/orders/batch", PlaceAsync)
        .WithMetadata(new RequestSizeLimitAttribute(MaxBytes))
        .Describe("placeOrders", "Orders", "Place up to 500 orders", "An array of orders, at most 16 MiB. All are decided in one unit of work, and each has its own outcome, in order: accepted, duplicate, conflict or invalid.")
        .Example("mixed", StatusCodes.Status200OK, new[] { Samples.Guest, Samples.Order, Samples.Other, Samples.Empty }, new BatchResult(
            [new(Samples.Guest.OrderId, "accepted"), new(Samples.Id, "duplicate"), new(Samples.Id, "conflict"), new(Samples.Empty.OrderId, "invalid", OrderRules.Check(Samples.Empty).Errors)]))
        .Invalid("empty", "orders", "A batch is an array of 1 to 500 orders.", Array.Empty<PlaceOrder>());

    private static async Task<IResult> PlaceAsync(IReadOnlyList<PlaceOrder?> orders, IServiceStore store, TimeProvider clock, CancellationToken cancellationToken)
    {
        var faults = new Faults();
        faults.Require(orders.Count is > 0 and <= OrderRules.MaxBatch, "orders", "A batch is an array of 1 to 500 orders.");
        faults.Require(orders.All(order => order is not null), "orders", "No order of a batch is null.");
        if (faults.Any)
        {
            return faults.ToProblem();
        }

        var results = new BatchItemResult[orders.Count];
        var candidates = new List<Candidate>(orders.Count);
        var places = new List<int>(orders.Count);
        for (var index = 0; index < results.Length; index++)
        {
            var order = orders[index]!;
            var errors = OrderRules.Check(order);
            if (errors.Any)
            {
                results[index] = new BatchItemResult(order.OrderId ?? "", "invalid", errors.Errors);
                continue;
            }

            candidates.Add(Candidate.Of(order));
            places.Add(index);
        }

        if (candidates.Count > 0)
        {
            var decided = await store.WriteAsync(transaction => OrderPlacing.DecideAsync(transaction, candidates, Acceptance.Now(clock)), cancellationToken);
            for (var index = 0; index < decided.Length; index++)
            {
                results[places[index]] = new BatchItemResult(candidates[index].Order.OrderId, NameOf(decided[index].Outcome));
            }
        }

        return TypedResults.Ok(new BatchResult(results));
    }

    private static string NameOf(Outcome outcome) => outcome switch
    {
        Outcome.Accepted => "accepted",
        Outcome.Duplicate => "duplicate",
        _ => "conflict",
    };
}
