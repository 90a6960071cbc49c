using System.Data.Common;
using Contracts.Http;
using Dapper;
using FlowPlatform.Hosting;
using ServiceDefaults;

namespace Insights;

/// <summary><c>GET /revenue?by=day|country|hour&amp;from=&amp;to=</c>: by day unless asked otherwise; the totals are over everything, whatever the bounds.</summary>
internal static class RevenueEndpoint
{
    /// <summary>Over two years of hours; a longer answer would be no use to anybody.</summary>
    private const int MaxRows = 20_000;

    public static void MapRevenue(this IEndpointRouteBuilder app) => app.MapGet("/revenue", GetAsync)
        .Describe("getRevenue", "Revenue", "Revenue by time or country", "By day unless asked otherwise, from 'from' up to, not including, 'to' (UTC); at most 20,000 rows. Returns are negative; the totals are over everything, whatever the bounds.")
        .Example("by-day", StatusCodes.Status200OK, answer: Answer("day", "2010-12-01"), with: [("by", "day"), ("from", "2010-12-01"), ("to", "2010-12-02")])
        .Example("by-country", StatusCodes.Status200OK, answer: Answer("country", "United Kingdom"), with: [("by", "country")])
        .Invalid("by-week", "by", "Revenue is grouped by day, country or hour.", with: [("by", "week")]);

    /// <summary>What the API's description shows.</summary>
    private static RevenueAnswer Answer(string by, string key) =>
        new(by, [new RevenueRow(key, 1, 7, 18.69m, 0, 18.69m)], new RevenueTotals(1, 7, 18.69m, 0, -10.5m, 8.19m, 0, 1));

    private static async Task<IResult> GetAsync(string? by, string? from, string? to, ProjectionReader<Revenue> projection, CancellationToken cancellationToken)
    {
        var faults = new Faults();
        var query = RevenueQuery.Parse(by, from, to, faults);
        if (faults.Any)
        {
            return faults.ToProblem();
        }

        await using var db = await projection.OpenAsync(cancellationToken);
        var answer = await ReadAsync(db, query);
        faults.Require(answer.Rows.Count <= MaxRows, "from", "The answer has over 20,000 rows: narrow it by 'from' and 'to'.");
        return faults.Any ? faults.ToProblem() : TypedResults.Ok(answer);
    }

    /// <summary>One statement, so that rows and totals are of one moment.</summary>
    internal static async Task<RevenueAnswer> ReadAsync(DbConnection db, RevenueQuery query)
    {
        var key = query.By switch
        {
            "day" => "substr(hour, 1, 10)",
            "hour" => "hour",
            _ => "country",
        };
        var lines = (await db.QueryAsync<Line>(
            $"""
            SELECT 0 AS Kind, NULL AS Key, coalesce(sum(orders), 0) AS Orders, coalesce(sum(units), 0) AS Units, coalesce(sum(gross), 0) AS Gross,
                   coalesce(sum(returns), 0) AS Returns, coalesce(sum(return_count), 0) AS Count
            FROM revenue
            UNION ALL
            SELECT 1, NULL, 0, 0, coalesce(sum(amount), 0), 0, coalesce(sum(adjustment_count), 0) FROM adjustments
            UNION ALL
            SELECT * FROM (
                SELECT 2, {key}, sum(orders), sum(units), sum(gross), sum(returns), sum(return_count)
                FROM revenue WHERE hour >= @from AND hour < @to GROUP BY {key} ORDER BY {key} LIMIT @take) AS page
            ORDER BY Kind, Key
            """,
            new { from = query.From ?? "", to = query.To ?? "~", take = MaxRows + 1 })).AsList();
        var (all, adjusted) = (lines[0], lines[1]);
        var totals = new RevenueTotals(
            all.Orders, all.Units, all.Gross, all.Returns, adjusted.Gross, all.Gross + all.Returns + adjusted.Gross, all.Count, adjusted.Count);
        return new RevenueAnswer(
            query.By, [.. lines.Skip(2).Select(line => new RevenueRow(line.Key, line.Orders, line.Units, line.Gross, line.Returns, line.Gross + line.Returns))], totals);
    }

    private sealed class Line
    {
        public string Key { get; init; } = "";

        public long Orders { get; init; }

        public long Units { get; init; }

        public decimal Gross { get; init; }

        public decimal Returns { get; init; }

        public long Count { get; init; }
    }
}
