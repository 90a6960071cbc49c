using System.Globalization;
using Dapper;
using FlowPlatform.Hosting;
using ServiceDefaults;

namespace ServiceNamespace;

/// <summary>A day's count.</summary>
/// <param name="Day">The day (UTC), like 2026-03-01.</param>
/// <param name="Events">How many events.</param>
internal sealed record DailyCount(string Day, long Events);

/// <summary><c>GET /daily-counts?from=&amp;to=</c>: both days are included; all days unless asked otherwise.</summary>
internal static class DailyCountsEndpoint
{
    /// <summary>Ten years.</summary>
    private const int MaxRows = 3_660;

    public static void MapDailyCounts(this IEndpointRouteBuilder app) => app.MapGet("/daily-counts", GetAsync)
        .Describe("getDailyCounts", "Counts", "Events by day", "Days are UTC, by event time; at most the last 3,660 from 'from' to 'to'. Days without events are left out.")
        .Example("one-day", StatusCodes.Status200OK, answer: new DailyCount[] { new("2026-03-01", 12) }, with: [("from", "2026-03-01"), ("to", "2026-03-01")]);

    private static async Task<IResult> GetAsync(DateOnly? from, DateOnly? to, ProjectionReader<DailyCounts> projection, CancellationToken cancellationToken)
    {
        var faults = new Faults();
        if (!faults.Require(from is null || to is null || from <= to, "to", "'to' is before 'from'."))
        {
            return faults.ToProblem();
        }

        await using var db = await projection.OpenAsync(cancellationToken);
        var rows = await db.QueryAsync<DailyCount>(
            "SELECT day AS Day, events AS Events FROM daily_count WHERE day >= @from AND day <= @to ORDER BY day DESC LIMIT @limit",
            new { from = Text(from) ?? "", to = Text(to) ?? "~", limit = MaxRows });
        return TypedResults.Ok(rows.Reverse());
    }

    private static string? Text(DateOnly? day) => day?.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);
}
