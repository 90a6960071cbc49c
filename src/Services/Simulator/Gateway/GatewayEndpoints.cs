using Contracts.Http;
using Microsoft.AspNetCore.Mvc;
using ServiceDefaults;

namespace Simulator.Gateway;

/// <summary>The card gateway and the courier over HTTP: unreliable, but never wrong.</summary>
internal static class GatewayEndpoints
{
    private const int MaxKey = 200;
    private const decimal MaxAmount = 1_000_000_000_000m;

    public static void MapGateway(this IEndpointRouteBuilder app)
    {
        app.MapPost("/gateway/charges", (GatewayRequest request, [FromHeader(Name = "Idempotency-Key")] string? key, Book book, HttpContext http, CancellationToken stop) =>
            DecideAsync("charge", request, key, book, http, stop)).Produces<GatewayAnswer>().ProducesProblem(StatusCodes.Status409Conflict);
        app.MapPost("/gateway/refunds", (GatewayRequest request, [FromHeader(Name = "Idempotency-Key")] string? key, Book book, HttpContext http, CancellationToken stop) =>
            DecideAsync("refund", request, key, book, http, stop)).Produces<GatewayAnswer>().ProducesProblem(StatusCodes.Status409Conflict);
        app.MapPost("/courier/bookings", BookCourierAsync).Produces<CourierAnswer>().ProducesProblem(StatusCodes.Status409Conflict);
        app.MapGet("/gateway/book", (Book book, CancellationToken stop) => book.SumAsync(stop));
    }

    private static async Task<IResult> DecideAsync(string kind, GatewayRequest request, string? key, Book book, HttpContext http, CancellationToken stop)
    {
        var faults = new Faults();
        RequireKey(faults, key);
        RequireText(faults, request.Reference, "reference");
        faults.Require(
            request.Amount is > 0 and <= MaxAmount && decimal.Round(request.Amount, 4) == request.Amount, "amount", "An amount is more than 0 and has up to four decimals.");
        return faults.Any ? faults.ToProblem() : Answer(await book.DecideAsync(kind, key!, request, stop), http);
    }

    private static async Task<IResult> BookCourierAsync(
        CourierRequest request, [FromHeader(Name = "Idempotency-Key")] string? key, Book book, HttpContext http, CancellationToken stop)
    {
        var faults = new Faults();
        RequireKey(faults, key);
        RequireText(faults, request.OrderId, "orderId");
        RequireText(faults, request.Country, "country");
        faults.Require(request.Units >= 0, "units", "Units are 0 or more.");
        return faults.Any ? faults.ToProblem() : Answer(await book.BookCourierAsync(key!, request, stop), http);
    }

    private static IResult Answer<T>(Booking<T> booking, HttpContext http)
        where T : class
    {
        switch (booking)
        {
            case { Outage: Outage.Refused }:
                return Problems.Unavailable("Out of order for a moment. Try again with the same Idempotency-Key.");
            case { Outage: not null }:
                http.Abort();
                return Results.Empty;
            case { Answer: { } answer }:
                return TypedResults.Ok(answer);
            default:
                return Problems.Conflict("This Idempotency-Key was used for another request. Use a key of its own for each.");
        }
    }

    private static void RequireKey(Faults faults, string? key) =>
        faults.Require(key is { Length: > 0 and <= MaxKey }, "Idempotency-Key", $"The header Idempotency-Key with 1 to {MaxKey} characters is required.");

    private static void RequireText(Faults faults, string? text, string field) =>
        faults.Require(!string.IsNullOrWhiteSpace(text) && text.Length <= MaxKey, field, $"It has 1 to {MaxKey} characters.");
}
