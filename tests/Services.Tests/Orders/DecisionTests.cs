using Contracts;
using Contracts.Http;
using Dapper;
using FlowPlatform.Stores;
using FlowPlatform.Tests.Support;
using Orders;
using ServiceDefaults;

namespace Services.Tests.Orders;

public sealed class DecisionTests : IAsyncLifetime
{
    private static readonly DateTimeOffset Now = new(2026, 1, 2, 3, 4, 5, TimeSpan.Zero);
    private StoreFixture? fixture;

    private StoreFixture Fixture => fixture!;

    public async ValueTask InitializeAsync() => fixture = await StoreFixture.OpenAsync("orders", typeof(OrdersApp).Assembly, flow => flow.Publishes<OrdersEvent>("orders"));

    public async ValueTask DisposeAsync() => await Fixture.DisposeAsync();

    [Fact]
    public async Task An_order_is_kept_and_emitted_with_the_time_when_it_was_placed()
    {
        var order = Requests.Order();
        var (results, events) = await PlaceAsync(Now, order);
        results.ShouldBe([new Acceptance(Outcome.Accepted, Now)]);
        var placed = events.ShouldHaveSingleItem();
        placed.Type.ShouldBe("orders.placed.v1");
        placed.Key.ShouldBe(order.OrderId);
        placed.Time.ShouldBe(order.PlacedAt);
        await using var db = await Fixture.Store.OpenReadAsync(TestContext.Current.CancellationToken);
        var row = (await OrderTable.FindAsync(db, order.OrderId)).ShouldNotBeNull();
        row.Amount.ShouldBe(18.695m);
        row.AcceptedAt.ShouldBe(Now);
        row.PlacedAt.ShouldBe(order.PlacedAt);
        row.CustomerId.ShouldBe("17850.0");
    }

    [Fact]
    public async Task The_same_order_again_has_the_first_result_and_emits_nothing()
    {
        await PlaceAsync(Now, Requests.Order());
        var (results, events) = await PlaceAsync(Now.AddHours(1), Requests.Order());
        results.ShouldBe([new Acceptance(Outcome.Duplicate, Now)]);
        events.ShouldBeEmpty();
    }

    [Fact]
    public async Task A_time_in_another_zone_and_trailing_zeros_make_no_other_order()
    {
        await PlaceAsync(Now, Requests.Order(price: 2.5m));
        var (results, _) = await PlaceAsync(Now, Requests.Order(price: 2.500m) with { PlacedAt = Requests.Noon.ToOffset(TimeSpan.FromHours(2)) });
        results[0].Outcome.ShouldBe(Outcome.Duplicate);
    }

    [Fact]
    public async Task Anything_else_under_the_same_id_is_a_conflict()
    {
        var order = Requests.Order();
        await PlaceAsync(Now, order);
        PlaceOrder[] others =
        [
            order with { CustomerId = null }, order with { Country = "France" }, order with { PlacedAt = order.PlacedAt.AddTicks(1) },
            order with { Lines = [.. order.Lines.Reverse()] }, Requests.Order(price: 2.551m), order with { Lines = [.. order.Lines, order.Lines[0]] },
        ];
        foreach (var other in others)
        {
            var (results, events) = await PlaceAsync(Now, other);
            results[0].Outcome.ShouldBe(Outcome.Conflict);
            events.ShouldBeEmpty();
        }
    }

    [Fact]
    public async Task A_batch_decides_about_each_order_even_about_an_id_that_it_holds_twice()
    {
        await PlaceAsync(Now, Requests.Order("1"));
        var (results, events) = await PlaceAsync(
            Now.AddHours(1), Requests.Order("1"), Requests.Order("2"), Requests.Order("2"), Requests.Order("2", price: 9m), Requests.Order("1", price: 9m), Requests.Order("3"));
        results.Select(result => result.Outcome).ShouldBe([Outcome.Duplicate, Outcome.Accepted, Outcome.Duplicate, Outcome.Conflict, Outcome.Conflict, Outcome.Accepted]);
        events.Select(placed => placed.Key).ShouldBe(["2", "3"]);
        await using var db = await Fixture.Store.OpenReadAsync(TestContext.Current.CancellationToken);
        (await db.QuerySingleAsync<long>("SELECT count(*) FROM orders")).ShouldBe(3);
    }

    [Fact]
    public async Task A_cancellation_counts_once_and_for_an_order_that_exists_only()
    {
        await PlaceAsync(Now, Requests.Order("1"));
        (await CancelAsync("2", Now)).Result.ShouldBeNull();
        var asked = await CancelAsync("1", Now);
        asked.Result.ShouldBe(new Acceptance(Outcome.Accepted, Now));
        var emitted = asked.Events.ShouldHaveSingleItem();
        emitted.Type.ShouldBe("orders.cancel-requested.v1");
        emitted.Time.ShouldBe(Requests.Noon.AddMinutes(5));
        var again = await CancelAsync("1", Now.AddHours(1));
        again.Result.ShouldBe(new Acceptance(Outcome.Duplicate, Now));
        again.Events.ShouldBeEmpty();
    }

    [Fact]
    public async Task A_return_counts_once_and_another_one_under_its_id_is_a_conflict()
    {
        var goods = Requests.Return();
        var first = await ReturnAsync(goods, Now);
        first.Result.ShouldBe(new Acceptance(Outcome.Accepted, Now));
        var emitted = first.Events.ShouldHaveSingleItem();
        emitted.Type.ShouldBe("orders.returned.v1");
        emitted.Time.ShouldBe(goods.ReturnedAt);
        var again = await ReturnAsync(goods, Now.AddHours(1));
        again.Result.ShouldBe(new Acceptance(Outcome.Duplicate, Now));
        again.Events.ShouldBeEmpty();
        (await ReturnAsync(goods with { Country = "EIRE" }, Now)).Result.Outcome.ShouldBe(Outcome.Conflict);
    }

    [Fact]
    public async Task A_decision_that_fails_leaves_neither_row_nor_event()
    {
        var candidates = new[] { Candidate.Of(Requests.Order()) };
        await Should.ThrowAsync<InvalidOperationException>(() => Fixture.WriteAsync<bool>(async transaction =>
        {
            await OrderPlacing.DecideAsync(transaction, candidates, Now);
            throw new InvalidOperationException("The unit fails after its decision.");
        }));
        var (results, _) = await PlaceAsync(Now, Requests.Order());
        results[0].Outcome.ShouldBe(Outcome.Accepted);
    }

    private Task<(Acceptance[] Results, List<FlowPlatform.Log.EventEnvelope> Events)> PlaceAsync(DateTimeOffset now, params PlaceOrder[] orders) =>
        DecideAsync(transaction => OrderPlacing.DecideAsync(transaction, [.. orders.Select(Candidate.Of)], now));

    private Task<(Acceptance? Result, List<FlowPlatform.Log.EventEnvelope> Events)> CancelAsync(string id, DateTimeOffset now) =>
        DecideAsync(transaction => CancelOrderEndpoint.DecideAsync(transaction, id, Requests.Noon.AddMinutes(5), Fingerprint.Of(new CancelOrder(Requests.Noon.AddMinutes(5))), now));

    private Task<(Acceptance Result, List<FlowPlatform.Log.EventEnvelope> Events)> ReturnAsync(ReturnGoods goods, DateTimeOffset now) =>
        DecideAsync(transaction => ReturnGoodsEndpoint.DecideAsync(transaction, goods, Fingerprint.Of(goods), now));

    private Task<(T, List<FlowPlatform.Log.EventEnvelope>)> DecideAsync<T>(Func<StoreTransaction, ValueTask<T>> decide) => Fixture.WriteAsync(async transaction =>
    {
        var result = await decide(transaction);
        return (result, transaction.Events.ConvertAll(pending => pending.Event));
    });
}
