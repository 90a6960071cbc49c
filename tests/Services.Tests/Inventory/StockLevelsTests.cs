using Contracts;
using Inventory;

namespace Services.Tests.Inventory;

public sealed class StockLevelsTests
{
    [Fact]
    public async Task The_read_model_is_the_authoritative_stock_in_whatever_order_the_partitions_come()
    {
        await using var inventory = await SteppedFlow.StartAsync(InventoryApp.Build);
        var orders = await LiveAsync(inventory, seed: 7, count: 150);
        var history = new EventHistory();
        foreach (var record in await inventory.TakeEmittedAsync())
        {
            history.Add(record);
        }

        history.Count.ShouldBeGreaterThan(2 * orders);
        await Projections.AreCommutativeAsync(new StockLevels(), history);
        await using var fold = await Projections.FoldAsync(new StockLevels(), history);
        var folded = await Tables.DumpAsync(fold.Store, "stock");
        folded.ShouldBe(await Tables.DumpAsync(inventory.Store, "stock"));
        folded.ShouldContain(row => row.Contains("on_hand=-", StringComparison.Ordinal), "Some stock should be negative.");
    }

    [Fact]
    public async Task It_conforms()
    {
        await using var inventory = await SteppedFlow.StartAsync(InventoryApp.Build);
        await LiveAsync(inventory, seed: 11, count: 30);
        var history = new EventHistory();
        foreach (var record in await inventory.TakeEmittedAsync())
        {
            history.Add(record);
        }

        (await Conformance.OfAsync<StockLevels>(InventoryApp.Build, history, options => options.Positions = 15)).Checks.ShouldContain("poison");
    }

    /// <summary>Orders that end in every way, returns; and adjustments, which are made over HTTP, as events.</summary>
    private static async Task<int> LiveAsync(SteppedFlow inventory, int seed, int count)
    {
        var random = new Random(seed);
        var time = new DateTimeOffset(2010, 12, 1, 8, 0, 0, TimeSpan.Zero);
        await inventory.Store.WriteAsync(
            async transaction =>
            {
                await StockBook.ChangeAsync(transaction, [new StockChange("99999X", -7, 0)]);
                transaction.Emit(new StockAdjusted("G1", 1, [new("99999X", -7)]), time);
                return true;
            },
            TestContext.Current.CancellationToken);
        for (var number = 1; number <= count; number++)
        {
            var id = $"{number}";
            time += TimeSpan.FromMinutes(random.Next(1, 60));
            List<OrderLine> lines = [.. Enumerable.Range(0, random.Next(1, 12)).Select(_ => new OrderLine(random.Next(8) == 0 ? "POST" : $"{10_000 + random.Next(60)}", random.Next(1, 150), 1.5m))];
            object[] events = [new OrderPlaced(id, null, "EIRE", lines), random.Next(4) switch
            {
                0 => new OrderCancelled(id),
                1 => new PaymentDeclined(id, 1m, "no"),
                2 => new OrderShipped(id, 1m, 1, "T"),
                _ => new GoodsReturned($"C{id}", null, "EIRE", lines),
            }];
            random.Shuffle(events);
            foreach (var @event in events)
            {
                await inventory.DeliverAsync(@event, time);
            }
        }

        return count;
    }
}
