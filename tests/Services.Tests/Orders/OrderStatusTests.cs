using Contracts;
using Dapper;
using FlowPlatform.Log;
using FlowPlatform.Tests.Support;
using Orders;

namespace Services.Tests.Orders;

public sealed class OrderStatusTests
{
    private static readonly DateTimeOffset Noon = Requests.Noon;

    [Fact]
    public Task The_result_does_not_depend_on_the_interleaving() =>
        Projections.AreCommutativeAsync(new OrderStatus(), new ShopHistory(seed: 7, orders: 300).Events);

    [Fact]
    public async Task It_conforms() =>
        (await Conformance.OfAsync<OrderStatus>(OrdersApp.Build, new ShopHistory(seed: 7, orders: 20).Events, options => options.Positions = 15)).Checks.ShouldContain("poison");

    [Fact]
    public async Task Every_order_ends_where_its_history_ends()
    {
        var shop = new ShopHistory(seed: 8, orders: 300);
        var rows = await ReadAsync(shop.Events.Interleave(seed: 1));
        rows.Count.ShouldBe(shop.Orders.Count);
        var last = shop.Events.ByPartition.SelectMany(records => records).GroupBy(record => record.Event.Key).ToDictionary(group => group.Key, group => group.Max(record => record.Event.Time));
        foreach (var (order, time, end) in shop.Orders)
        {
            var view = rows[order.OrderId].ToView();
            view.ShouldBe(new Contracts.Http.OrderView(order.OrderId, end, order.CustomerId, order.Country, order.Amount, time, last[order.OrderId]));
        }

        shop.Orders.Select(order => order.End).Distinct().Count().ShouldBe(7);
    }

    [Theory]
    [InlineData("reserved")]
    [InlineData("paid")]
    [InlineData("cancelled")]
    [InlineData("declined")]
    [InlineData("rejected")]
    [InlineData("shipped")]
    public async Task What_outranks_stays_whatever_comes_later(string status)
    {
        var order = new OrderPlaced("1", null, "EIRE", Requests.Order().Lines);
        object[] ascending =
        [
            order, new StockReserved("1", null, "EIRE", order.Amount, 6, []), new PaymentCharged("1", order.Amount, "a"), new OrderCancelled("1"),
            new PaymentDeclined("1", order.Amount, "r"), new OrderRejected("1", []), new OrderShipped("1", order.Amount, 6, "t"),
        ];
        var history = new EventHistory();
        var rank = OrderStates.Names.ToList().IndexOf(status);
        var records = ascending.Take(rank + 1).Reverse().Select((@event, index) => history.Add(@event, Noon.AddMinutes(index))).ToList();
        var row = (await ReadAsync(records.Select(record => new[] { record }))).ShouldHaveSingleItem().Value;
        OrderStates.NameOf(row.State).ShouldBe(status);
        row.UpdatedAt.ShouldBe(Noon.AddMinutes(rank));
    }

    [Fact]
    public async Task Latency_is_wall_time_from_accepted_to_shipped_by_nearest_rank()
    {
        var history = new EventHistory();
        for (var index = 1; index <= 200; index++)
        {
            history.Add(new OrderPlaced($"{index}", null, "EIRE", []), Noon, Noon);
            history.Add(new OrderShipped($"{index}", 0, 0, "t"), Noon.AddDays(1), Noon.AddMilliseconds(index));
        }

        history.Add(new OrderPlaced("waiting", null, "EIRE", []), Noon, Noon);
        history.Add(new OrderShipped("early", 0, 0, "t"), Noon, Noon);
        await using var folded = await Projections.FoldAsync(new OrderStatus(), history);
        await using var db = await folded.OpenAsync();
        (await SummaryEndpoint.LatencyAsync(db)).ShouldBe(new Contracts.Http.Percentiles(100, 190, 198));
        var byStatus = await SummaryEndpoint.CountByStatusAsync(db);
        byStatus["shipped"].ShouldBe(200);
        byStatus["placed"].ShouldBe(1);
        byStatus.Values.Sum().ShouldBe(201);
    }

    [Fact]
    public async Task An_order_that_the_projection_has_not_seen_placed_is_answered_from_the_command_table()
    {
        await using var orders = await SteppedFlow.StartAsync(OrdersApp.Build);
        await orders.Store.WriteAsync(
            transaction => OrderPlacing.DecideAsync(transaction, [Candidate.Of(Requests.Order("1")), Candidate.Of(Requests.Order("2"))], Noon.AddYears(1)), TestContext.Current.CancellationToken);
        var history = new EventHistory();
        history.Add(new OrderRejected("1", []), Noon.AddMinutes(1));
        history.Add(new OrderRejected("unplaced", []), Noon);
        await using var folded = await Projections.FoldAsync(new OrderStatus(), history);
        await using var projection = await folded.OpenAsync();
        await using var main = await orders.Store.OpenReadAsync(TestContext.Current.CancellationToken);
        var placed = new Contracts.Http.OrderView("2", "placed", "17850.0", "United Kingdom", 18.695m, Noon, Noon);
        (await GetOrderEndpoint.FindAsync(projection, main, "2")).ShouldBe(placed);
        (await GetOrderEndpoint.FindAsync(projection, main, "1")).ShouldBe(placed with { OrderId = "1", Status = "rejected", UpdatedAt = Noon.AddMinutes(1) });
        (await GetOrderEndpoint.FindAsync(projection, main, "unplaced")).ShouldBeNull();
    }

    [Fact]
    public async Task Without_shipments_the_latency_is_zero()
    {
        await using var folded = await Projections.FoldAsync(new OrderStatus(), new EventHistory());
        await using var db = await folded.OpenAsync();
        (await SummaryEndpoint.LatencyAsync(db)).ShouldBe(new Contracts.Http.Percentiles(0, 0, 0));
    }

    [Fact]
    public async Task The_states_have_the_same_names_in_the_database()
    {
        var history = new EventHistory();
        history.Add(new OrderShipped("1", 1, 1, "t"), Noon);
        history.Add(new OrderCancelled("2"), Noon);
        await using var folded = await Projections.FoldAsync(new OrderStatus(), history);
        await folded.Store.WriteAsync(
            async transaction => await transaction.Connection.ExecuteAsync("DELETE FROM order_status; INSERT INTO order_status (order_id, state, updated_at) SELECT value, value, '' FROM json_each('[0,1,2,3,4,5,6]')"),
            TestContext.Current.CancellationToken);
        await using var db = await folded.OpenAsync();
        (await db.QueryAsync<string>("SELECT status FROM order_status ORDER BY state")).ShouldBe(OrderStates.Names);
    }

    private static async Task<Dictionary<string, OrderStatusRow>> ReadAsync(IEnumerable<IReadOnlyList<LogRecord>> batches)
    {
        await using var folded = await Projections.FoldAsync(new OrderStatus(), batches);
        return (await folded.QueryAsync<OrderStatusRow>(OrderStatusRow.Select)).ToDictionary(row => row.OrderId);
    }
}
