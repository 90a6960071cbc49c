using System.Globalization;
using Contracts;
using FlowPlatform.Consumers;
using FlowPlatform.Log;
using FlowPlatform.Storage;
using FlowPlatform.Stores;

namespace Insights;

/// <summary>
/// The projection <c>revenue</c>: orders, units, gross value and returns per hour of event time and country, and the ledger's adjustments.
/// Sums only, so that it does not matter in which order the streams come (rule C5).
/// </summary>
internal sealed class Revenue : Projection
{
    public Revenue()
    {
        FoldBy<RevenueKey, RevenueSums>(LoadAsync, SaveAsync)
            .On<OrderPlaced>((placed, record) => RevenueKey.Of(record, placed.Country), static (sums, placed, _) => sums.Add(placed))
            .On<GoodsReturned>((returned, record) => RevenueKey.Of(record, returned.Country), static (sums, returned, _) => sums.Add(returned));
        On<LedgerAdjusted>((adjusted, context) => context.ExecuteAsync(
            """
            INSERT INTO adjustments (hour, amount, adjustment_count) VALUES (@hour, @Amount, 1)
            ON CONFLICT (hour) DO UPDATE SET amount = adjustments.amount + excluded.amount, adjustment_count = adjustments.adjustment_count + 1
            """,
            new { hour = RevenueKey.HourOf(context.Record), adjusted.Amount }));
    }

    private static async Task<IEnumerable<KeyValuePair<RevenueKey, RevenueSums>>> LoadAsync(IStoreScope scope, IReadOnlyCollection<RevenueKey> keys)
    {
        var rows = await scope.QueryAsync<RevenueSums>(
            $"""
            SELECT hour AS Hour, country AS Country, orders AS Orders, units AS Units, gross AS Gross, returns AS Returns, return_count AS ReturnCount
            FROM revenue WHERE (hour, country) IN (SELECT hour, country FROM {JsonRows.Table(scope.Connection, "keys", "hour text", "country text")} AS key)
            """,
            new { keys = JsonRows.Of(keys) });
        return rows.Select(row => KeyValuePair.Create(new RevenueKey(row.Hour, row.Country), row));
    }

    private static Task SaveAsync(IStoreScope scope, IReadOnlyCollection<KeyValuePair<RevenueKey, RevenueSums>> rows) => scope.ExecuteAsync(
        """
        INSERT INTO revenue (hour, country, orders, units, gross, returns, return_count) VALUES (@Hour, @Country, @Orders, @Units, @Gross, @Returns, @ReturnCount)
        ON CONFLICT (hour, country) DO UPDATE SET
            orders = excluded.orders, units = excluded.units, gross = excluded.gross, returns = excluded.returns, return_count = excluded.return_count
        """,
        rows.Select(pair => pair.Value.Under(pair.Key)));
}

/// <summary>An hour of event time and a country.</summary>
internal readonly record struct RevenueKey(string Hour, string Country)
{
    public static RevenueKey Of(LogRecord record, string country) => new(HourOf(record), country);

    public static string HourOf(LogRecord record) => Format(record.Event.Time);

    public static string Format(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd'T'HH", CultureInfo.InvariantCulture);
}

/// <summary>A row of <c>revenue</c>, which is also the state of the fold.</summary>
internal sealed class RevenueSums
{
    public string Hour { get; private set; } = "";

    public string Country { get; private set; } = "";

    public long Orders { get; private set; }

    /// <summary>Pieces of order lines, services included; returns do not count.</summary>
    public long Units { get; private set; }

    public decimal Gross { get; private set; }

    /// <summary>Value of returns, at most 0.</summary>
    public decimal Returns { get; private set; }

    public long ReturnCount { get; private set; }

    public RevenueSums Under(RevenueKey key)
    {
        (Hour, Country) = key;
        return this;
    }

    public void Add(OrderPlaced placed)
    {
        Orders++;
        Units += placed.Units;
        Gross += placed.Amount;
    }

    public void Add(GoodsReturned returned)
    {
        ReturnCount++;
        Returns -= returned.Amount;
    }
}
