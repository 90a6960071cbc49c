using System.Globalization;
using Contracts;
using Inventory;

namespace Services.Tests.Process;

/// <summary>
/// The whole process of one order, in every order in which its events and commands can arrive: for each there is a run. Each must end legally, with money and stock conserved,
/// and event times must not tell in which order things arrived (rule T3).
/// </summary>
public sealed class EveryArrivalOrderTests(PostgresFixture postgres)
{
    private const int Limit = 2_000;
    private static readonly DateTimeOffset Placed = new(2010, 12, 1, 8, 26, 0, TimeSpan.Zero);

    [Fact]
    public Task An_order_that_all_goes_well_with_ships() => ExploreAsync(cancels: 0, [], ["shipped"], minimum: 2);

    [Fact]
    public async Task In_Postgres_an_order_that_goes_well_ships_and_one_without_stock_is_rejected()
    {
        await using var inventory = await postgres.CreateDatabaseAsync();
        await using var payments = await postgres.CreateDatabaseAsync();
        await using var shipping = await postgres.CreateDatabaseAsync();
        await using var shop = await Shop.OpenAsync("shop", inventory!, payments!, shipping!);
        await ExploreAsync(shop, cancels: 0, [Answer.Busy], ["shipped"], minimum: 2);
        await ExploreAsync(shop, cancels: 1, [], ["rejected", "cancelled"], minimum: 2, id => [new OrderLine(LateCode(id), 1_000, 0.55m), new OrderLine("22423", 1, 12.75m)], first: 546365);
    }

    [Fact]
    public async Task A_request_to_cancel_ends_in_shipment_or_in_a_cancellation_with_everything_undone()
    {
        var seen = await ExploreAsync(cancels: 1, [], ["shipped", "cancelled"], minimum: 50);
        seen.ShouldBe(
            [
                "inventory.dispatched.v1", "inventory.replenished.v1", "inventory.reserved.v1", "payments.charged.v1", "payments.refunded.v1", "released as cancelled",
                "shipments.cancelled.v1", "shipments.shipped.v1",
            ],
            ignoreOrder: true);
    }

    [Fact]
    public Task A_declined_card_ends_the_order_whether_or_not_it_is_cancelled_meanwhile() =>
        ExploreAsync(cancels: 1, [Answer.Decline], ["declined", "cancelled"], minimum: 20);

    [Fact]
    public async Task A_charge_whose_answer_was_lost_is_never_forgotten_by_a_cancellation() =>
        (await ExploreAsync(cancels: 1, [Answer.BookAndBreak], ["shipped", "cancelled"], minimum: 50)).ShouldContain("payments.refunded.v1");

    [Fact]
    public Task A_busy_gateway_is_asked_again_unless_the_order_was_cancelled() =>
        ExploreAsync(cancels: 1, [Answer.Busy, Answer.Busy], ["shipped", "cancelled"], minimum: 50);

    [Fact]
    public Task A_lost_answer_followed_by_a_refusal_leaves_no_money_behind() =>
        ExploreAsync(cancels: 1, [Answer.BookAndBreak, Answer.Busy], ["shipped", "cancelled"], minimum: 50);

    [Fact]
    public Task A_second_request_to_cancel_cancels_nothing_twice() => ExploreAsync(cancels: 2, [], ["shipped", "cancelled"], minimum: 50);

    [Fact]
    public Task An_order_of_services_goes_the_same_ways_with_no_units() =>
        ExploreAsync(cancels: 1, [], ["shipped", "cancelled"], minimum: 50, _ => [new OrderLine("POST", 1, 18m), new OrderLine("DOT", 2, 0.125m)]);

    [Fact]
    public Task Short_stock_rejects_the_order_whether_or_not_it_is_cancelled_meanwhile() =>
        ExploreAsync(cancels: 1, [], ["rejected", "cancelled"], minimum: 2, id => [new OrderLine(LateCode(id), 1_000, 0.55m), new OrderLine("22423", 1, 12.75m)]);

    /// <returns>Everything that happened in some run.</returns>
    private static async Task<IReadOnlyCollection<string>> ExploreAsync(int cancels, Answer[] gateway, string[] endings, int minimum, Func<string, OrderLine[]>? lines = null)
    {
        await using var shop = await Shop.OpenAsync();
        return await ExploreAsync(shop, cancels, gateway, endings, minimum, lines);
    }

    private static async Task<IReadOnlyCollection<string>> ExploreAsync(
        Shop shop, int cancels, Answer[] gateway, string[] endings, int minimum, Func<string, OrderLine[]>? lines = null, int first = 536365)
    {
        var seen = new SortedSet<string>(StringComparer.Ordinal);
        var times = new Dictionary<string, DateTimeOffset>();
        var runs = await Schedule.ExploreAsync(Limit, async (schedule, run) =>
        {
            var id = $"{first + run}";
            var order = new OrderPlaced(id, null, "EIRE", lines?.Invoke(id) ?? [new OrderLine("85123A", 6, 2.55m), new OrderLine("POST", 1, 18m), new OrderLine("85123A", 2, 2.555m)]);
            shop.Outside.Script("charge", id, gateway);
            shop.Outside.Script("courier", id, Answer.Busy);
            shop.Publish(order, Placed);
            for (var cancel = 1; cancel <= cancels; cancel++)
            {
                shop.Publish(new OrderCancelRequested(id), Placed.AddSeconds(5 * cancel));
            }

            while (shop.Steps is { Count: > 0 } steps)
            {
                await shop.TakeAsync(schedule.Choose(steps));
            }

            var ending = new OrderEnding(order, [.. shop.Events.Where(record => record.Event.Key == id || record.Event.Type == "inventory.replenished.v1")]);
            await ending.ShouldBeLegalAsync(shop);
            ending.All<CancelRefused>().Count.ShouldBe(ending.Has<OrderCancelled>() ? cancels - 1 : cancels);
            seen.Add(ending.Name);
            foreach (var (what, time) in ending.Times())
            {
                times.TryAdd(what, time);
                time.ShouldBe(times[what], what);
            }

            shop.Forget();
        });
        runs.ShouldBeGreaterThanOrEqualTo(minimum);
        seen.ShouldBe(endings.Order(StringComparer.Ordinal));
        TestContext.Current.TestOutputHelper!.WriteLine($"{runs} schedules end as {string.Join(", ", seen)}");
        return times.Keys;
    }

    private static string LateCode(string orderId) =>
        Enumerable.Range(int.Parse(orderId, CultureInfo.InvariantCulture) % 900 * 100 + 10_000, 100).Select(number => $"{number}").First(code => Supplier.IsLate(orderId, code));
}
