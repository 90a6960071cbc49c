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
            .Produces<Accepted>(StatusCodes.Status202Accepted)
            .Produces<Accepted>()
            .ProducesValidationProblem()
            .ProducesProblem(StatusCodes.Status409Conflict);
        app.MapGet("/returns/{id}", GetAsync).Produces<Accepted>().ProducesProblem(StatusCodes.Status404NotFound);
    }

    private static async Task<IResult> ReturnAsync(ReturnGoods goods, IServiceStore store, TimeProvider clock, CancellationToken cancellationToken)
    {
        var faults = OrderRules.Check(goods);
        if (faults.Any)
        {
            return faults.ToProblem();
        }

        var hash = BodyHash.Of(goods);
        var decided = await store.WriteAsync(transaction => DecideAsync(transaction, goods, hash, clock.GetUtcNow()), cancellationToken);
        var answer = new Accepted(goods.ReturnId, Status, decided.AcceptedAt);
        return decided.Outcome switch
        {
            Outcome.Accepted => TypedResults.Accepted($"/returns/{Uri.EscapeDataString(goods.ReturnId)}", answer),
            Outcome.Duplicate => TypedResults.Ok(answer),
            _ => Problems.Conflict($"Return '{goods.ReturnId}' was accepted before with another body. Use another id for another return."),
        };
    }

    private static async Task<IResult> GetAsync(string id, IServiceStore store, CancellationToken cancellationToken)
    {
        await using var db = await store.OpenReadAsync(cancellationToken);
        return await db.QuerySingleOrDefaultAsync<ReturnRow>(Find, new { id }) is { } row
            ? TypedResults.Ok(new Accepted(row.ReturnId, Status, row.AcceptedAt))
            : Problems.NotFound($"There is no return '{id}'.");
    }

    internal static async ValueTask<Placing> DecideAsync(StoreTransaction transaction, ReturnGoods goods, byte[] hash, DateTimeOffset now)
    {
        if (await transaction.Connection.QuerySingleOrDefaultAsync<ReturnRow>(Find, new { id = goods.ReturnId }) is { } row)
        {
            return new Placing(row.BodyHash.AsSpan().SequenceEqual(hash) ? Outcome.Duplicate : Outcome.Conflict, row.AcceptedAt);
        }

        await transaction.Connection.ExecuteAsync(
            "INSERT INTO returns (return_id, body_hash, accepted_at) VALUES (@ReturnId, @hash, @now)", new { goods.ReturnId, hash, now });
        transaction.Emit(new GoodsReturned(goods.ReturnId, goods.CustomerId, goods.Country, goods.Lines), goods.ReturnedAt);
        return new Placing(Outcome.Accepted, now);
    }

    private sealed class ReturnRow
    {
        public string ReturnId { get; init; } = "";

        public byte[] BodyHash { get; init; } = [];

        public DateTimeOffset AcceptedAt { get; init; }
    }
}
