using System.Text.Json;
using FlowPlatform.Chaos.Checking;

namespace FlowPlatform.EndToEnd.Tests.Harness;

/// <summary>The harness' own fold: what it makes of a log, and that it notices what is wrong.</summary>
public sealed class FoldTests
{
    private static readonly DateTimeOffset Noon = new(2011, 11, 29, 12, 0, 0, TimeSpan.Zero);

    private static readonly LoggedEvent[] Orders =
    [
        Event(1, "orders.placed.v1", """{"orderId":"1","customerId":"17850","country":"EIRE","lines":[{"code":"85123A","quantity":6,"unitPrice":"2.55"},{"code":"POST","quantity":1,"unitPrice":"3"}]}"""),
        Event(2, "orders.returned.v1", """{"returnId":"C2","country":"EIRE","lines":[{"code":"85123A","quantity":2,"unitPrice":"2.55"}]}"""),
    ];

    private static readonly LoggedEvent[] Inventory =
    [
        Event(1, "inventory.replenished.v1", """{"code":"85123A","quantity":100}""", "i"),
        Event(2, "inventory.reserved.v1", """{"orderId":"1","country":"EIRE","amount":"18.3","units":6,"stock":[{"code":"85123A","quantity":6}]}""", "i"),
        Event(3, "inventory.dispatched.v1", """{"orderId":"1","units":6,"stock":[{"code":"85123A","quantity":6}]}""", "i"),
        Event(4, "inventory.restocked.v1", """{"returnId":"C2","units":2,"stock":[{"code":"85123A","quantity":2}]}""", "i"),
    ];

    private static readonly LoggedEvent[] Shipments = [Event(1, "shipments.shipped.v1", """{"orderId":"1","amount":"18.3","units":6,"trackingCode":"T"}""", "s")];

    [Fact]
    public void A_log_folds_to_the_rows_that_read_models_must_have()
    {
        var fold = Fold(Orders, Inventory, Shipments);
        fold.Faults.ShouldBeEmpty();
        (fold.Events, fold.Repeated).ShouldBe((7L, 0L));
        fold.Result.OrderStatus.ShouldBe(new Dictionary<string, string>
        {
            ["1"] = "6 | 2011-11-29T12:03:00.000000 | 17850 | EIRE | 18.3 | 2011-11-29T12:01:00.000000 | 1000 | 1000",
        });
        fold.Result.StockLevels.ShouldBe(new Dictionary<string, string> { ["85123A"] = "96 | 0" });
        fold.Result.Revenue.ShouldBe(new Dictionary<string, string> { ["2011-11-29T12|EIRE"] = "1 | 7 | 18.3 | -5.1 | 1" });
    }

    [Fact]
    public void The_order_of_partitions_makes_no_difference() =>
        Fold(Shipments, Inventory, Orders).Result.DifferencesFrom(Fold(Orders, Inventory, Shipments).Result).ShouldBeEmpty();

    [Fact]
    public void An_entry_that_is_there_twice_counts_once()
    {
        var fold = Fold([.. Orders, Orders[1]], Inventory, Shipments);
        fold.Repeated.ShouldBe(1);
        fold.Faults.ShouldBeEmpty();
        fold.Result.DifferencesFrom(Fold(Orders, Inventory, Shipments).Result).ShouldBeEmpty();
    }

    [Fact]
    public void A_hole_in_the_log_is_found() => Fold([Inventory[0], .. Inventory[2..]]).Faults.ShouldHaveSingleItem().ShouldContain("3 follows 1");

    [Fact]
    public void One_fact_under_two_sequences_is_found() => Fold([.. Orders, Orders[1] with { Sequence = 3 }]).Faults.ShouldHaveSingleItem().ShouldContain("is also");

    [Fact]
    public void A_second_writer_is_found() => Fold([Orders[0], Orders[1] with { Producer = "another" }]).Faults.ShouldHaveSingleItem().ShouldContain("wrote beside");

    [Theory]
    [InlineData(1, "order-status 1")] // placed, but not folded
    [InlineData(2, "revenue 2011-11-29T12|EIRE")] // the return
    [InlineData(5, "stock-levels 85123A")] // the dispatch
    public void A_store_that_missed_an_event_differs(int missed, string difference)
    {
        var all = Orders.Concat(Inventory).Concat(Shipments).ToList();
        var store = new Fold();
        store.Add("all", all.Where((_, index) => index != missed - 1).Select((e, index) => e with { Sequence = index + 1, Producer = "all" }));
        store.Result.DifferencesFrom(Fold(Orders, Inventory, Shipments).Result).ShouldContain(text => text.StartsWith(difference, StringComparison.Ordinal));
    }

    [Fact]
    public void A_store_that_applied_an_event_twice_differs()
    {
        var twice = Fold([.. Inventory, Inventory[3] with { Id = "again", Sequence = 5 }]);
        twice.Result.DifferencesFrom(Fold(Inventory).Result).ShouldHaveSingleItem().ShouldBe("stock-levels 85123A: the store has 98 | 0, the log says 96 | 0");
    }

    private static Fold Fold(params LoggedEvent[][] partitions)
    {
        var fold = new Fold();
        foreach (var (number, events) in partitions.Index())
        {
            fold.Add($"partition {number}", events);
        }

        return fold;
    }

    private static LoggedEvent Event(long sequence, string type, string json, string producer = "o") => new(
        $"{producer}-{sequence}", type, producer, sequence, Noon.AddMinutes(sequence), DateTimeOffset.FromUnixTimeMilliseconds(1000), JsonDocument.Parse(json).RootElement);
}
