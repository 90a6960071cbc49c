using Contracts;
using FlowPlatform.Tests.Support;
using Insights;
using Inventory;
using Orders;
using Services.Tests.Orders;

namespace Services.Tests.Folding;

/// <summary>What projections make of a history is the same in either kind of store.</summary>
public sealed class PostgresFoldTests(PostgresFixture postgres)
{
    /// <summary>A fold in Postgres takes long; what interleavings can show is shown on SQLite with more of them.</summary>
    private const int Interleavings = 3;

    [Fact]
    public async Task Orders_stand_alike_in_Postgres_and_in_SQLite()
    {
        var history = new ShopHistory(seed: 7, orders: 200).Events;
        await using var database = await postgres.CreateDatabaseAsync();
        await Projections.AreCommutativeAsync(new OrderStatus(), history, Interleavings, postgres: database!.ConnectionString);
        await using var one = await Projections.FoldAsync(new OrderStatus(), history);
        await using var other = await Projections.FoldAsync(new OrderStatus(), history, postgres: database.ConnectionString);
        var expected = await RowsAsync(one);
        expected.Count.ShouldBe(200);
        (await RowsAsync(other)).ShouldBe(expected);

        await using var db = await other.OpenAsync();
        await using var sqlite = await one.OpenAsync();
        (await SummaryEndpoint.CountByStatusAsync(db)).ShouldBe(await SummaryEndpoint.CountByStatusAsync(sqlite));
        (await SummaryEndpoint.LatencyAsync(db)).ShouldBe(await SummaryEndpoint.LatencyAsync(sqlite));
    }

    [Fact]
    public async Task Revenue_is_the_same_in_Postgres_and_in_SQLite()
    {
        var history = new ShopHistory(seed: 17, orders: 300).Events;
        await using var database = await postgres.CreateDatabaseAsync();
        await Projections.AreCommutativeAsync(new Revenue(), history, Interleavings, postgres: database!.ConnectionString);
        await using var one = await Projections.FoldAsync(new Revenue(), history);
        await using var other = await Projections.FoldAsync(new Revenue(), history, postgres: database.ConnectionString);
        await using var sqlite = await one.OpenAsync();
        await using var db = await other.OpenAsync();
        foreach (var by in (string[])["day", "hour", "country"])
        {
            var query = new RevenueQuery(by, "2010-12-01T21", null);
            var (expected, answer) = (await RevenueEndpoint.ReadAsync(sqlite, query), await RevenueEndpoint.ReadAsync(db, query));
            answer.Totals.ShouldBe(expected.Totals);
            answer.Rows.ShouldBe(expected.Rows);
            answer.Rows.Count.ShouldBeGreaterThan(2);
        }
    }

    [Fact]
    public async Task A_large_batch_of_stock_is_the_same_in_Postgres_and_in_SQLite()
    {
        var history = new EventHistory();
        for (var batch = 0; batch < 3; batch++)
        {
            history.Add(new StockAdjusted($"{batch}", 2_000, [.. Enumerable.Range(0, 2_000).Select(code => new StockQuantity($"{code}é'\"", (code * 7) - batch))]), Requests.Noon);
        }

        await using var database = await postgres.CreateDatabaseAsync();
        await using var one = await Projections.FoldAsync(new StockLevels(), history);
        await using var other = await Projections.FoldAsync(new StockLevels(), history, postgres: database!.ConnectionString);
        var expected = await Tables.DumpAsync(one.Store, "stock");
        expected.Count.ShouldBe(2_000);
        (await Tables.DumpAsync(other.Store, "stock")).ShouldBe(expected);
    }

    private static async Task<List<(string Id, OrderState State, DateTimeOffset Updated, string? Customer, string? Country, decimal? Amount, DateTimeOffset? Placed, long? Shipped)>> RowsAsync(ProjectionFold fold) =>
        [.. (await fold.QueryAsync<OrderStatusRow>($"{OrderStatusRow.Select} ORDER BY order_id"))
            .Select(row => (row.OrderId, row.State, row.UpdatedAt, row.CustomerId, row.Country, row.Amount, row.PlacedAt, row.ShippedMs))];
}
