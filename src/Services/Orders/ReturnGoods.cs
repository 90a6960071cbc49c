using Contracts;
using Contracts.Http;
using Dapper;
using FlowPlatform.Stores;
using Microsoft.AspNetCore.Mvc;
using ServiceDefaults;

namespace Orders;

/// <summary><c>POST /returns</c>: goods came back; and <c>GET /returns/{id}</c>, where its Location points.</summary>
internal static class ReturnGoodsEndpoint
{
    private const int MaxBytes = 1024 * 1024;
    private const string Status = "returned";
    private const string Find = "SELECT return_id AS ReturnId, body_hash AS BodyHash, accepted_at AS AcceptedAt FROM returns WHERE return_id = @id";

    public static void MapReturnGoods(this IEndpointRouteBuilder app)
    {
        app.MapPost("/returns", ReturnAsync)
            .WithMetadata(new RequestSizeLimitAttribute(MaxBytes))
            .Describe("returnGoods", "Returns", "Take goods back", "Quantities and prices are positive. At most 1 MiB and 2,000 lines.")
            .Example("accepted", StatusCodes.Status202Accepted, Samples.Return, Samples.Accepted(Samples.Return.ReturnId, Status))
            .Example("repeated", StatusCodes.Status200OK, Samples.Return, Samples.Accepted(Samples.Return.ReturnId, Status))
            .Refusal(
                "other-body", StatusCodes.Status409Conflict, "Return 'C536379' was accepted before with another body. Use another id, or send the same body again.",
                Samples.Return with { CustomerId = null })
            .Invalid("no-country", "country", "A country has 1 to 64 printable characters and no space at either end.", Samples.Return with { Country = "" });
        app.MapGet("/returns/{id}", GetAsync)
            .Describe("getReturn", "Returns", "Find a return", "As it was accepted.")
            .Example("found", StatusCodes.Status200OK, answer: Samples.Accepted(Samples.Return.ReturnId, Status), with: [("id", Samples.Return.ReturnId)])
            .Refusal("unknown", StatusCodes.Status404NotFound, "There is no return '999999'.", with: [("id", Samples.Unknown)]);
    }

    private static async Task<IResult> ReturnAsync(ReturnGoods goods, IServiceStore store, TimeProvider clock, CancellationToken cancellationToken)
    {
        var faults = OrderRules.Check(goods);
        if (faults.Any)
        {
            return faults.ToProblem();
        }

        var hash = Fingerprint.Of(goods);
        var decided = await store.WriteAsync(transaction => DecideAsync(transaction, goods, hash, Acceptance.Now(clock)), cancellationToken);
        return decided.ToAnswer("Return", goods.ReturnId, $"/returns/{Uri.EscapeDataString(goods.ReturnId)}", new Accepted(goods.ReturnId, Status, decided.AcceptedAt));
    }

    private static async Task<IResult> GetAsync(string id, IServiceStore store, CancellationToken cancellationToken)
    {
        await using var db = await store.OpenReadAsync(cancellationToken);
        return await db.QuerySingleOrDefaultAsync<ReturnRow>(Find, new { id }) is { } row
            ? TypedResults.Ok(new Accepted(row.ReturnId, Status, row.AcceptedAt))
            : Problems.NotFound($"There is no return '{id}'.");
    }

    internal static async ValueTask<Acceptance> DecideAsync(StoreTransaction transaction, ReturnGoods goods, byte[] hash, DateTimeOffset now)
    {
        var row = await transaction.Connection.QuerySingleOrDefaultAsync<ReturnRow>(Find, new { id = goods.ReturnId });
        return await Acceptance.DecideAsync(row is null ? null : new Earlier(row.BodyHash, row.AcceptedAt), hash, now, async () =>
        {
            await transaction.Connection.ExecuteAsync(
                "INSERT INTO returns (return_id, body_hash, accepted_at) VALUES (@ReturnId, @hash, @now)", new { goods.ReturnId, hash, now });
            transaction.Emit(new GoodsReturned(goods.ReturnId, goods.CustomerId, goods.Country, goods.Lines), goods.ReturnedAt);
        });
    }

    private sealed class ReturnRow
    {
        public string ReturnId { get; init; } = "";

        public byte[] BodyHash { get; init; } = [];

        public DateTimeOffset AcceptedAt { get; init; }
    }
}
