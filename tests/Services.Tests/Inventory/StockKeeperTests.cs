using Contracts;
using FlowPlatform.Log;
using Inventory;

namespace Services.Tests.Inventory;

public sealed class StockKeeperTests
{
    private static readonly DateTimeOffset Noon = new(2010, 12, 1, 12, 0, 0, TimeSpan.Zero);

    [Fact]
    public async Task Repeated_codes_are_combined_and_codes_that_differ_by_case_are_not()
    {
        await using var inventory = await OpenAsync();
        await inventory.DeliverAsync(Order("1", ("85123A", 6), ("85123a", 1), ("POST", 3), ("85123A", 2), ("85123A", 6)), Noon);
        var events = await inventory.TakeEmittedAsync();
        var reserved = Single<StockReserved>(events);
        reserved.Units.ShouldBe(15);
        reserved.Amount.ShouldBe(18m);
        reserved.Stock.ShouldBe([new("85123A", 14), new("85123a", 1)]);
        events.Single(record => record.Is<StockReserved>()).Event.Time.ShouldBe(Noon.AddSeconds(10));
        (await StockAsync(inventory, "85123A")).ShouldBe((Supplier.OpeningStock, 14));
    }

    [Fact]
    public async Task An_order_of_services_is_reserved_and_dispatched_with_no_units()
    {
        await using var inventory = await OpenAsync();
        await inventory.DeliverAsync(Order("1", ("POST", 1), ("BANK CHARGES", 2)), Noon);
        await inventory.DeliverAsync(new OrderShipped("1", 3m, 0, "T"), Noon.AddHours(4));
        var events = await inventory.TakeEmittedAsync();
        Single<StockReserved>(events).Units.ShouldBe(0);
        Single<StockReserved>(events).Stock.ShouldBeEmpty();
        Single<StockDispatched>(events).Units.ShouldBe(0);
        events.Count.ShouldBe(2);
    }

    [Fact]
    public async Task An_order_of_1100_lines_is_reserved_at_once()
    {
        await using var inventory = await OpenAsync();
        await inventory.DeliverAsync(Order("1", [.. Enumerable.Range(0, 1_100).Select(line => ($"{10_000 + (line % 1_000)}", 2))]), Noon);
        var reserved = Single<StockReserved>(await inventory.TakeEmittedAsync());
        reserved.Units.ShouldBe(2_200);
        reserved.Stock.Count.ShouldBe(1_000);
        reserved.Stock.Count(line => line.Quantity == 4).ShouldBe(100);
    }

    [Fact]
    public async Task A_declined_and_cancelled_order_is_released_once()
    {
        await using var inventory = await OpenAsync();
        await inventory.DeliverAsync(Order("1", ("22423", 5)), Noon);
        await inventory.DeliverAsync(new OrderCancelled("1"), Noon);
        await inventory.DeliverAsync(new PaymentDeclined("1", 5m, "no"), Noon);
        await inventory.DeliverAsync(new OrderShipped("1", 5m, 5, "T"), Noon);
        var events = await inventory.TakeEmittedAsync();
        Single<StockReleased>(events).ShouldSatisfyAllConditions(released => released.Reason.ShouldBe("cancelled"), released => released.Units.ShouldBe(5));
        events.ShouldNotContain(record => record.Is<StockDispatched>());

        // It was cancelled before the reservation's time, but can't be released before it.
        events.Single(record => record.Is<StockReleased>()).Event.Time.ShouldBe(Noon.AddSeconds(10));
        (await StockAsync(inventory, "22423")).ShouldBe((Supplier.OpeningStock, 0));
    }

    [Fact]
    public async Task What_was_cancelled_before_it_was_placed_is_never_reserved()
    {
        await using var inventory = await OpenAsync();
        await inventory.DeliverAsync(new OrderCancelled("1"), Noon);
        await inventory.DeliverAsync(Order("1", ("22423", 5)), Noon);
        await inventory.DeliverAsync(Order("1", ("22423", 5)), Noon);
        (await inventory.TakeEmittedAsync()).ShouldBeEmpty();
    }

    [Fact]
    public async Task Whatever_ends_an_order_may_come_before_it()
    {
        await using var inventory = await OpenAsync();
        object[][] histories = [[new OrderShipped("?", 5m, 5, "T")], [new PaymentDeclined("?", 5m, "no")], [new PaymentDeclined("?", 5m, "no"), new OrderCancelled("?")]];
        var number = 0;
        foreach (var history in histories)
        {
            var expected = "";
            foreach (var arrival in Permutations([Order("?", ("22423", 5)), .. history]))
            {
                var id = $"{++number}";
                foreach (var @event in arrival)
                {
                    await inventory.DeliverAsync(Named(@event, id), Noon.AddMinutes(1));
                }

                var events = (await inventory.TakeEmittedAsync()).Where(record => record.Event.Key == id).ToList();
                if (events.Count == 0)
                {
                    // Cancelled first, then declined, then placed would have reserved; only a cancellation alone leaves nothing.
                    arrival[0].ShouldBeOfType<OrderCancelled>();
                    continue;
                }

                var ends = string.Join(' ', events.Select(record => record.Event.Type).Order(StringComparer.Ordinal));
                expected = expected.Length == 0 ? ends : expected;
                ends.ShouldBe(expected);
                events.Select(record => record.Event.Time).Distinct().ShouldBe([Noon.AddMinutes(1).AddSeconds(10)]);
            }
        }

        (await StockAsync(inventory, "22423")).Reserved.ShouldBe(0);
    }

    [Fact]
    public async Task Returned_stock_comes_back_once_and_returned_services_only_count()
    {
        await using var inventory = await OpenAsync();
        var goods = new GoodsReturned("C1", null, "EIRE", [new OrderLine("22423", 5, 1m), new OrderLine("POST", 1, 1m), new OrderLine("22423", 1, 2m)]);
        await inventory.DeliverAsync(goods, Noon);
        await inventory.DeliverAsync(goods, Noon);
        await inventory.DeliverAsync(new GoodsReturned("C2", null, "EIRE", [new OrderLine("POST", 1, 1m)]), Noon);
        var restocked = (await inventory.TakeEmittedAsync()).Select(record => record.Read<StockRestocked>()).OrderBy(item => item.ReturnId, StringComparer.Ordinal).ToList();
        restocked.Count.ShouldBe(2);
        restocked[0].Units.ShouldBe(6);
        restocked[0].Stock.ShouldBe([new("22423", 6)]);
        restocked[1].Units.ShouldBe(0);
        restocked[1].Stock.ShouldBeEmpty();
        (await StockAsync(inventory, "22423")).ShouldBe((6, 0));
    }

    [Fact]
    public async Task In_a_dataset_short_stock_is_delivered_and_nothing_is_rejected()
    {
        await using var inventory = await OpenAsync("dataset");
        for (var number = 1; number <= 40; number++)
        {
            await inventory.DeliverAsync(Order($"{number}", ("23843", 80_995), ("22423", 1)), Noon);
        }

        var events = await inventory.TakeEmittedAsync();
        events.Count(record => record.Is<StockReserved>()).ShouldBe(40);
        events.ShouldNotContain(record => record.Is<OrderRejected>());
        var delivered = events.Where(record => record.Is<StockReplenished>()).Select(record => record.Read<StockReplenished>()).ToList();
        delivered.Where(item => item.Code == "22423").Sum(item => item.Quantity).ShouldBe(1 + Supplier.DatasetLot);
        var (onHand, reserved) = await StockAsync(inventory, "23843");
        reserved.ShouldBe(40 * 80_995);
        onHand.ShouldBeGreaterThanOrEqualTo(reserved);
        onHand.ShouldBe(delivered.Where(item => item.Code == "23843").Sum(item => item.Quantity));
    }

    [Fact]
    public async Task A_late_delivery_rejects_the_order_naming_the_codes_and_serves_the_next()
    {
        await using var inventory = await OpenAsync();
        var late = Codes().Where(code => Supplier.IsLate("1", code)).Take(2).ToList();
        var inTime = Codes().First(code => !Supplier.IsLate("1", code));
        await inventory.DeliverAsync(Order("1", (late[1], 900), (inTime, 900), (late[0], 900), ("22423", 1)), Noon);
        var events = await inventory.TakeEmittedAsync();
        Single<OrderRejected>(events).MissingCodes.ShouldBe([late[0], late[1]]);
        events.ShouldNotContain(record => record.Is<StockReserved>());
        foreach (var code in (string[])[.. late, inTime, "22423"])
        {
            (await StockAsync(inventory, code)).Reserved.ShouldBe(0, code);
        }

        await inventory.DeliverAsync(Order("2", (late[0], 900), (late[1], 900)), Noon);
        Single<StockReserved>(await inventory.TakeEmittedAsync()).Units.ShouldBe(1_800);
    }

    private static Task<SteppedFlow> OpenAsync(string mode = "shop") => SteppedFlow.StartAsync(InventoryApp.Build, options => options.Settings["FLOW_MODE"] = mode);

    private static IEnumerable<string> Codes() => Enumerable.Range(10_000, 1_000).Select(number => $"{number}");

    private static OrderPlaced Order(string id, params (string Code, int Quantity)[] lines) =>
        new(id, null, "EIRE", [.. lines.Select(line => new OrderLine(line.Code, line.Quantity, 1m))]);

    private static object Named(object @event, string id) => @event switch
    {
        OrderPlaced placed => placed with { OrderId = id },
        OrderShipped shipped => shipped with { OrderId = id },
        PaymentDeclined declined => declined with { OrderId = id },
        OrderCancelled => new OrderCancelled(id),
        _ => throw new ArgumentException($"{@event.GetType().Name} is not of this history."),
    };

    private static IEnumerable<object[]> Permutations(object[] items) => items.Length <= 1
        ? [items]
        : items.SelectMany(item => Permutations([.. items.Where(other => other != item)]).Select(rest => (object[])[item, .. rest]));

    private static T Single<T>(IReadOnlyList<LogRecord> events)
        where T : class => events.Single(record => record.Is<T>()).Read<T>();

    private static async Task<(long OnHand, long Reserved)> StockAsync(SteppedFlow inventory, string code) =>
        (await inventory.QueryAsync<(long, long)>("SELECT on_hand, reserved FROM stock WHERE code = @code", new { code })).ShouldHaveSingleItem();
}
