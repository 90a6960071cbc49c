using Contracts.Http;
using Dapper;
using FlowPlatform.Hosting;
using Microsoft.AspNetCore.Http.HttpResults;
using ServiceDefaults;

namespace Inventory;

/// <summary><c>GET /stock/{code}</c> and <c>GET /stock</c>, from the read model.</summary>
internal static class StockEndpoints
{
    private const int DefaultLimit = 100;
    private const int MaxLimit = 1_000;
    private const int MaxCode = 64;

    public static void MapStock(this IEndpointRouteBuilder app)
    {
        app.MapGet("/stock/{code}", FindAsync)
            .Describe("getStock", "Stock", "Find a stock code", "What is in the house, and how much of that is set aside for orders.")
            .Example("found", StatusCodes.Status200OK, answer: Samples.View, with: [("code", Samples.Code)])
            .Refusal("unknown", StatusCodes.Status404NotFound, "There is no stock code '99999'.", with: [("code", "99999")]);
        app.MapGet("/stock", ListAsync)
            .Describe("listStock", "Stock", "List stock", "In the ordinal order of the codes, 100 a page unless asked otherwise, at most 1,000; 'next' of a page goes into 'after'.")
            .Example("all", StatusCodes.Status200OK, answer: new StockPage([Samples.View, Samples.Second], null))
            .Example("first-page", StatusCodes.Status200OK, answer: new StockPage([Samples.View], Samples.Code), with: [("limit", "1")])
            .Example("second-page", StatusCodes.Status200OK, answer: new StockPage([Samples.Second], null), with: [("limit", "1"), ("after", Samples.Code)])
            .Invalid("negative", "limit", "A page has 1 to 1,000 codes.", with: [("limit", "-1")]);
    }

    private static async Task<Results<Ok<StockView>, ProblemHttpResult>> FindAsync(string code, ProjectionReader<StockLevels> levels, CancellationToken cancellationToken)
    {
        await using var db = await levels.OpenAsync(cancellationToken);
        var row = await db.QuerySingleOrDefaultAsync<Row>("SELECT code, on_hand AS OnHand, reserved FROM stock WHERE code = @code", new { code });
        return row is null ? Problems.NotFound($"There is no stock code '{code}'.") : TypedResults.Ok(row.ToView());
    }

    private static async Task<Results<Ok<StockPage>, ValidationProblem>> ListAsync(
        ProjectionReader<StockLevels> levels, CancellationToken cancellationToken, string? after = null, int limit = DefaultLimit)
    {
        var faults = new Faults();
        faults.Require(limit is >= 1 and <= MaxLimit, "limit", $"A page has 1 to {MaxLimit:N0} codes.");
        faults.Require(after is not { Length: 0 or > MaxCode }, "after", "Pass the 'next' of the page before.");
        if (faults.Any)
        {
            return faults.ToProblem();
        }

        await using var db = await levels.OpenAsync(cancellationToken);
        var rows = (await db.QueryAsync<Row>(
            "SELECT code, on_hand AS OnHand, reserved FROM stock WHERE code > @after ORDER BY code LIMIT @count", new { after = after ?? "", count = limit + 1 })).ToList();
        return TypedResults.Ok(new StockPage([.. rows.Take(limit).Select(row => row.ToView())], rows.Count > limit ? rows[limit - 1].Code : null));
    }

    private sealed class Row
    {
        public string Code { get; init; } = "";

        public long OnHand { get; init; }

        public long Reserved { get; init; }

        public StockView ToView() => new(Code, OnHand, Reserved);
    }
}
