using Contracts.Http;
using Microsoft.AspNetCore.Mvc;
using ServiceDefaults;

namespace Simulator.Gateway;

/// <summary>The card gateway and the courier over HTTP: unreliable, but never wrong.</summary>
internal static class GatewayEndpoints
{
    private const int MaxKey = 200;
    private const decimal MaxAmount = 1_000_000_000_000m;
    private const string KeyHeader = "Idempotency-Key";
    private const string Key = "018c2f6e-0001";
    private const string Taken = "This Idempotency-Key was used for another request. Use a key of its own for each.";
    private const string Repeatable = "503 or a broken connection: whether it was done is unknown; send it again with the same Idempotency-Key, and it is done once.";
    private static readonly GatewayRequest Money = new("536365", 18.69m);
    private static readonly CourierRequest Parcel = new("536365", "United Kingdom", 7);

    public static void MapGateway(this IEndpointRouteBuilder app)
    {
        MapMoney(app, "charge", "chargeCard", "Charge a card", "Declined for good is an answer, too: approved is false.");
        MapMoney(app, "refund", "refundCard", "Pay back to a card", "Never declined.");
        app.MapPost("/courier/bookings", BookCourierAsync)
            .Describe("bookCourier", "Courier", "Book a parcel", Repeatable)
            .Example("booked", StatusCodes.Status200OK, Parcel, new CourierAnswer($"TRK-{Outages.HashOf(Key):X16}"), [(KeyHeader, Key)])
            .Refusal("other-body", StatusCodes.Status409Conflict, Taken, Parcel with { Units = 8 }, [(KeyHeader, Key)])
            .Invalid("no-country", "country", "This has 1 to 200 printable characters and no space at either end.", Parcel with { Country = "" }, [(KeyHeader, Key)]);
        app.MapGet("/gateway/book", (Book book, CancellationToken stop) => book.SumAsync(stop))
            .Describe("getBook", "Gateway", "Sum up the book", "What was really taken, paid back and booked: exact and positive; and whatever happened twice, at most ten of each.")
            .Example("one-of-each", StatusCodes.Status200OK, answer: new BookSums(Money.Amount, 1, 0, Money.Amount, 1, 0, 0, 1, [], []));
    }

    private static void MapMoney(IEndpointRouteBuilder app, string kind, string id, string summary, string outcome)
    {
        var key = $"{Key}-{kind}";
        app.MapPost($"/gateway/{kind}s", (GatewayRequest request, [FromHeader(Name = KeyHeader)] string? key, Book book, HttpContext http, CancellationToken stop) =>
                DecideAsync(kind, request, key, book, http, stop))
            .Describe(id, "Gateway", summary, $"{outcome} {Repeatable}")
            .Example("approved", StatusCodes.Status200OK, Money, new GatewayAnswer(true, $"{(kind == "charge" ? "AUTH" : "BACK")}-{Outages.HashOf(key):X16}", null), [(KeyHeader, key)])
            .Refusal("other-body", StatusCodes.Status409Conflict, Taken, Money with { Amount = 1.50m }, [(KeyHeader, key)])
            .Invalid("nothing", "amount", "An amount is more than 0 and has up to four decimals.", Money with { Amount = 0 }, [(KeyHeader, key)]);
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
        CourierRequest request, [FromHeader(Name = KeyHeader)] string? key, Book book, HttpContext http, CancellationToken stop)
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
                return Problems.Conflict(Taken);
        }
    }

    private static void RequireKey(Faults faults, string? key) =>
        faults.Require(key is { Length: > 0 and <= MaxKey }, "Idempotency-Key", $"The header Idempotency-Key with 1 to {MaxKey} characters is required.");

    private static void RequireText(Faults faults, string? text, string field) =>
        faults.RequireText(field, text, MaxKey, "This");
}
