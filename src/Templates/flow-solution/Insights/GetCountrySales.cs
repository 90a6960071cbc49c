using Dapper;
using FlowPlatform.Hosting;
using ServiceDefaults;

namespace Insights;

/// <summary>What is sold in a country.</summary>
internal sealed record CountrySale(string Country, long Orders, long Pieces);

/// <summary><c>GET /sales</c>: by country.</summary>
internal static class CountrySalesEndpoint
{
    private const int MaxRows = 1_000;

    public static void MapCountrySales(this IEndpointRouteBuilder app) => app.MapGet("/sales", GetAsync)
        .Describe("getSales", "Sales", "Sales by country", "The 1,000 countries with most orders.")
        .Example("one", StatusCodes.Status200OK, answer: new CountrySale[] { new("Germany", 2, 5) });

    private static async Task<IResult> GetAsync(ProjectionReader<CountrySales> projection, CancellationToken cancellationToken)
    {
        await using var db = await projection.OpenAsync(cancellationToken);
        return TypedResults.Ok(await db.QueryAsync<CountrySale>(
            "SELECT country AS Country, orders AS Orders, pieces AS Pieces FROM country_sales ORDER BY orders DESC, country LIMIT @limit", new { limit = MaxRows }));
    }
}
