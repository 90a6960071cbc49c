using System.Globalization;
using ServiceDefaults;

namespace Insights;

/// <summary>What <c>GET /revenue</c> was asked: grouping and half-open bounds as hours, like 2010-12-01T08; null is unbounded.</summary>
internal sealed record RevenueQuery(string By, string? From, string? To)
{
    private static readonly string[] Groupings = ["day", "country", "hour"];

    /// <summary>Dates, hours and times; UTC where no offset is given.</summary>
    private static readonly string[] Formats =
        ["yyyy-MM-dd", "yyyy-MM-dd'T'HH", "yyyy-MM-dd'T'HHK", "yyyy-MM-dd'T'HH:mmK", "yyyy-MM-dd'T'HH:mm:ssK", "yyyy-MM-dd'T'HH:mm:ss.FFFFFFFK"];

    /// <summary>Reads the query string, naming every fault.</summary>
    public static RevenueQuery Parse(string? by, string? from, string? to, Faults faults)
    {
        var query = new RevenueQuery(by ?? "day", HourOf("from", from, faults), HourOf("to", to, faults));
        faults.Require(Groupings.Contains(query.By), "by", "Revenue is grouped by day, country or hour.");
        faults.Require(
            query.From is null || query.To is null || string.CompareOrdinal(query.From, query.To) < 0, "to", "'to' is later than 'from': the range goes from 'from' up to, not including, 'to'.");
        return query;
    }

    private static string? HourOf(string name, string? text, Faults faults)
    {
        if (text is null)
        {
            return null;
        }

        const DateTimeStyles utc = DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal;
        var good = faults.Require(
                DateTimeOffset.TryParseExact(text, Formats, CultureInfo.InvariantCulture, utc, out var time),
                name,
                $"'{name}' is a date or a time like 2010-12-01, 2010-12-01T08 or 2010-12-01T08:00:00Z.")
            && faults.Require(time.Ticks % TimeSpan.TicksPerHour == 0, name, $"'{name}' is a full hour (UTC): revenue is kept by the hour.");
        return good ? RevenueKey.Format(time) : null;
    }
}
