using System.Globalization;
using Contracts;
using Contracts.Http;
using FlowPlatform.Tests.Support;
using Insights;

namespace Services.Tests.Insights;

public sealed class RevenueTests
{
    [Fact]
    public Task The_result_does_not_depend_on_the_interleaving() =>
        Projections.AreCommutativeAsync(new Revenue(), new ShopHistory(seed: 17, orders: 400).Events);

    [Fact]
    public async Task It_conforms() =>
        (await Conformance.OfAsync<Revenue>(InsightsApp.Build, new ShopHistory(seed: 17, orders: 100).Events, options => options.Positions = 15)).Checks.ShouldContain("poison");

    [Theory]
    [InlineData("day")]
    [InlineData("hour")]
    [InlineData("country")]
    public async Task Rows_and_totals_are_the_exact_sums_of_what_happened(string by)
    {
        var shop = new ShopHistory(seed: 18, orders: 400);
        var answer = await AskAsync(shop.Events, new RevenueQuery(by, null, null));
        var expected = shop.Orders.Select(item => (item.Time, item.Order.Country, Orders: 1L, Units: item.Order.Lines.Sum(line => (long)line.Quantity), Gross: item.Order.Lines.Sum(line => line.Quantity * line.UnitPrice), Returns: 0m))
            .Concat(shop.Returns.Select(item => (item.Time, item.Return.Country, Orders: 0L, Units: 0L, Gross: 0m, Returns: -item.Return.Lines.Sum(line => line.Quantity * line.UnitPrice))))
            .GroupBy(item => by switch
            {
                "day" => item.Time.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture),
                "hour" => item.Time.ToString("yyyy-MM-ddTHH", CultureInfo.InvariantCulture),
                _ => item.Country,
            })
            .OrderBy(group => group.Key, StringComparer.Ordinal)
            .Select(group => new RevenueRow(group.Key, group.Sum(x => x.Orders), group.Sum(x => x.Units), group.Sum(x => x.Gross), group.Sum(x => x.Returns), group.Sum(x => x.Gross) + group.Sum(x => x.Returns)))
            .ToList();
        answer.By.ShouldBe(by);
        answer.Rows.ShouldBe(expected);
        expected.Count.ShouldBeGreaterThan(2);
        var (gross, returns, adjustments) = (expected.Sum(row => row.Gross), expected.Sum(row => row.Returns), shop.Adjustments.Sum(item => item.Amount));
        answer.Totals.ShouldBe(new RevenueTotals(
            400, expected.Sum(row => row.Units), gross, returns, adjustments, gross + returns + adjustments, shop.Returns.Count, shop.Adjustments.Count));
    }

    [Fact]
    public async Task A_day_is_the_utc_date_of_the_event()
    {
        var history = new EventHistory();
        var lines = new[] { new OrderLine("85123A", 2, 1.5m), new OrderLine("POST", 1, 0.001m) };
        history.Add(new OrderPlaced("1", null, "EIRE", lines), new DateTimeOffset(2010, 12, 1, 23, 59, 59, 999, TimeSpan.Zero));
        history.Add(new OrderPlaced("2", null, "EIRE", lines), new DateTimeOffset(2010, 12, 2, 0, 30, 0, TimeSpan.FromHours(1)));
        history.Add(new OrderPlaced("3", null, "EIRE", lines), new DateTimeOffset(2010, 12, 2, 0, 0, 0, TimeSpan.Zero));
        (await AskAsync(history, new RevenueQuery("day", null, null))).Rows.ShouldBe(
            [new RevenueRow("2010-12-01", 2, 6, 6.002m, 0, 6.002m), new RevenueRow("2010-12-02", 1, 3, 3.001m, 0, 3.001m)]);
    }

    [Fact]
    public async Task Bounds_are_half_open_and_leave_the_totals_alone()
    {
        var history = new EventHistory();
        for (var hour = 0; hour < 48; hour++)
        {
            history.Add(new OrderPlaced($"{hour}", null, hour % 2 == 0 ? "EIRE" : "France", [new OrderLine("85123A", 1, 1m)]), new DateTimeOffset(2010, 12, 1, 0, 0, 0, TimeSpan.Zero).AddHours(hour));
        }

        var hours = await AskAsync(history, new RevenueQuery("hour", "2010-12-01T08", "2010-12-01T10"));
        hours.Rows.Select(row => row.Key).ShouldBe(["2010-12-01T08", "2010-12-01T09"]);
        hours.Totals.Orders.ShouldBe(48);
        var days = await AskAsync(history, new RevenueQuery("day", "2010-12-02T00", null));
        days.Rows.ShouldHaveSingleItem().ShouldBe(new RevenueRow("2010-12-02", 24, 24, 24m, 0, 24m));
        (await AskAsync(history, new RevenueQuery("country", null, "2010-12-01T01"))).Rows.ShouldHaveSingleItem().Key.ShouldBe("EIRE");
    }

    [Fact]
    public async Task An_empty_log_has_empty_revenue()
    {
        var answer = await AskAsync(new EventHistory(), new RevenueQuery("day", null, null));
        answer.Rows.ShouldBeEmpty();
        answer.Totals.ShouldBe(new RevenueTotals(0, 0, 0, 0, 0, 0, 0, 0));
    }

    private async Task<RevenueAnswer> AskAsync(EventHistory history, RevenueQuery query)
    {
        await using var folded = await Projections.FoldAsync(new Revenue(), history, seed: 3);
        await using var db = await folded.OpenAsync();
        return await RevenueEndpoint.ReadAsync(db, query);
    }
}
