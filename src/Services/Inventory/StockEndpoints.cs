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

    public static void MapStock(this IEndpointRouteBuilder app)
    {
        app.MapGet("/stock/{code}", FindAsync);
        app.MapGet("/stock", ListAsync);
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
