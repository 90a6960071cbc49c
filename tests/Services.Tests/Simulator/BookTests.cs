using Contracts.Http;
using FlowPlatform.Tests.Support;
using Simulator;
using Simulator.Gateway;
using Simulator.Storage;

namespace Services.Tests.Simulator;

public sealed class BookTests : IAsyncDisposable
{
    private readonly TemporaryDirectory directory = new();
    private SimulatorStore store;

    public BookTests() => store = SimulatorStore.Open(directory.Path);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask DisposeAsync()
    {
        await store.DisposeAsync();
        directory.Dispose();
    }

    [Fact]
    public async Task A_key_has_one_answer_and_another_body_conflicts()
    {
        var book = NewBook();
        var first = await InsistAsync(book, "charge", "k1", "order-1", 10.123m);
        (await book.DecideAsync("charge", "k1", new GatewayRequest("order-1", 10.123m), Cancel)).ShouldBe(new Booking<GatewayAnswer>(first));
        (await book.DecideAsync("charge", "k1", new GatewayRequest("order-1", 10.12m), Cancel)).ShouldBe(Booking<GatewayAnswer>.Conflict);
        (await book.DecideAsync("charge", "k1", new GatewayRequest("order-2", 10.123m), Cancel)).ShouldBe(Booking<GatewayAnswer>.Conflict);
        (await book.DecideAsync("refund", "k1", new GatewayRequest("order-1", 10.123m), Cancel)).ShouldBe(Booking<GatewayAnswer>.Conflict);
        var sums = await book.SumAsync(Cancel);
        (sums.Taken, sums.Charges).ShouldBe((10.123m, 1L));
    }

    [Fact]
    public async Task A_key_fails_at_most_twice_although_the_process_is_restarted_after_every_failure()
    {
        var outages = new Outages(1, declines: false);
        foreach (var key in Enumerable.Range(0, 5_000).Select(i => $"key-{i}").Where(key => outages.Of(key).Count == 2).Take(12))
        {
            var failures = 0;
            while ((await NewBook().DecideAsync("charge", key, new GatewayRequest(key, 5m), Cancel)).Outage is not null)
            {
                failures++;
                await store.DisposeAsync();
                store = SimulatorStore.Open(directory.Path);
            }

            failures.ShouldBeInRange(1, 2);
        }
    }

    [Fact]
    public void Outages_are_of_all_kinds_bounded_and_the_same_for_the_same_seed()
    {
        var keys = Enumerable.Range(0, 4_000).Select(i => $"key-{i}").ToList();
        var plans = keys.ConvertAll(key => new Outages(3, true).Of(key));
        keys.ConvertAll(key => new Outages(3, true).Of(key)).ShouldBe(plans);
        plans.ShouldAllBe(plan => plan.Count <= 2);
        plans.SelectMany(plan => plan).Distinct().Count().ShouldBe(3);
        (plans.Count(plan => plan.Count > 0) / 4_000.0).ShouldBeInRange(0.1, 0.15);
        (keys.Count(key => new Outages(3, true).DeclineOf(key) is not null) / 4_000.0).ShouldBeInRange(0.01, 0.03);
        keys.ShouldAllBe(key => new Outages(3, false).DeclineOf(key) == null);
    }

    [Fact]
    public async Task Nothing_is_booked_by_a_refusal_and_everything_by_a_lost_answer()
    {
        var outages = new Outages(1, declines: false);
        var keys = Enumerable.Range(0, 2_000).Select(i => $"key-{i}").Where(key => outages.Of(key).Count > 0).ToList();
        foreach (var kind in Enum.GetValues<Outage>())
        {
            var key = keys.First(key => outages.Of(key)[0] == kind);
            var before = (await NewBook().SumAsync(Cancel)).Charges;
            var booking = await NewBook().DecideAsync("charge", key, new GatewayRequest(key, 1m), Cancel);
            booking.Outage.ShouldBe(kind);
            ((await NewBook().SumAsync(Cancel)).Charges - before).ShouldBe(kind == Outage.BrokenAfter ? 1 : 0);
        }
    }

    [Fact]
    public async Task Declines_take_no_money_and_stay_declined()
    {
        var outages = new Outages(1, declines: true);
        var key = Enumerable.Range(0, 2_000).Select(i => $"key-{i}").First(key => outages.DeclineOf(key) is not null);
        var book = new Book(store, outages);
        var answer = await InsistAsync(book, "charge", key, "order-1", 10m);
        (answer.Approved, answer.Authorization).ShouldBe((false, null));
        (await InsistAsync(book, "charge", key, "order-1", 10m)).ShouldBe(answer);
        var sums = await book.SumAsync(Cancel);
        (sums.Taken, sums.Declines).ShouldBe((0m, 1L));
    }

    [Fact]
    public async Task Refunds_are_told_apart_by_whether_their_order_was_charged_though_one_overtakes_its_charge()
    {
        var book = NewBook();
        await InsistAsync(book, "refund", "r1", "order-1", 4m);
        await InsistAsync(book, "charge", "c1", "order-1", 4m);
        await InsistAsync(book, "charge", "c2", "order-2", 6.5m);
        await InsistAsync(book, "refund", "r2", "C77", 1.001m);
        var sums = await book.SumAsync(Cancel);
        (sums.Taken, sums.RefundedToOrders, sums.OrderRefunds, sums.RefundedToReturns, sums.ReturnRefunds).ShouldBe((10.5m, 4m, 1L, 1.001m, 1L));
        sums.RepeatedReferences.ShouldBeEmpty();
        await InsistAsync(book, "charge", "c3", "order-2", 6.5m);
        (await book.SumAsync(Cancel)).RepeatedReferences.ShouldBe(["order-2"]);
    }

    [Fact]
    public async Task Many_requests_at_once_are_all_booked_once()
    {
        var book = NewBook();
        var requests = Enumerable.Range(0, 1_500).SelectMany(i => new[] { i, i });
        await Task.WhenAll(requests.Select(i => InsistAsync(book, "charge", $"key-{i}", $"order-{i}", 1m)));
        var sums = await book.SumAsync(Cancel);
        (sums.Taken, sums.Charges).ShouldBe((1_500m, 1_500L));
    }

    [Fact]
    public async Task The_courier_books_an_order_once()
    {
        var book = NewBook();
        CourierAnswer? first = null;
        while (first is null)
        {
            first = (await book.BookCourierAsync("b1", new CourierRequest("order-1", "France", 3), Cancel)).Answer;
        }

        (await book.BookCourierAsync("b1", new CourierRequest("order-1", "France", 3), Cancel)).Answer.ShouldBe(first);
        (await book.BookCourierAsync("b1", new CourierRequest("order-1", "France", 4), Cancel)).ShouldBe(Booking<CourierAnswer>.Conflict);
        (await book.SumAsync(Cancel)).Bookings.ShouldBe(1);
    }

    [Fact]
    public void A_second_process_is_refused() =>
        Should.Throw<SimulatorException>(() => SimulatorStore.Open(directory.Path)).Message.ShouldContain("FLOW_DATA");

    [Fact]
    public async Task A_unit_that_throws_leaves_nothing_and_harms_no_other()
    {
        var good = Enumerable.Range(0, 50).Select(i => store.WriteAsync(db => Insert(db, $"good-{i}"), Cancel));
        var bad = store.WriteAsync<int>(
            db =>
            {
                Insert(db, "bad");
                throw new InvalidOperationException("no");
            },
            Cancel);
        await Task.WhenAll(good);
        await Should.ThrowAsync<InvalidOperationException>(() => bad);
        var keys = await store.ReadAsync(db => Dapper.SqlMapper.Query<string>(db, "SELECT key FROM outage").ToList(), Cancel);
        keys.Count.ShouldBe(50);
        keys.ShouldNotContain("bad");
    }

    private static int Insert(Microsoft.Data.Sqlite.SqliteConnection db, string key) =>
        Dapper.SqlMapper.Execute(db, "INSERT INTO outage (key, failures) VALUES (@key, 1)", new { key });

    private Book NewBook() => new(store, new Outages(1, declines: false));

    // As a caller does: again with the same key until there is an answer.
    private static async Task<GatewayAnswer> InsistAsync(Book book, string kind, string key, string reference, decimal amount)
    {
        Booking<GatewayAnswer> booking;
        do
        {
            booking = await book.DecideAsync(kind, key, new GatewayRequest(reference, amount), Cancel);
        }
        while (booking.Outage is not null);
        return booking.Answer!;
    }
}
