using Contracts;
using Simulator.Dataset;
using Simulator.Replay;
using Simulator.Shop;

namespace Services.Tests.Simulator;

public sealed class ShopTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_same_seed_gives_the_same_actions_and_another_one_others()
    {
        var first = await ReadAsync(new ShopInput(5, 200));
        (await ReadAsync(new ShopInput(5, 200))).ShouldBe(first);
        var other = await ReadAsync(new ShopInput(6, 200));
        other.Select(Id).Intersect(first.Select(Id)).ShouldBeEmpty("ids carry the seed");
    }

    [Fact]
    public async Task A_longer_shop_begins_like_a_shorter_one()
    {
        var shorter = await ReadAsync(new ShopInput(5, 100));
        var longer = await ReadAsync(new ShopInput(5, 150));
        longer.Where(step => step.Position < 100).ShouldBe(shorter.Where(step => step.Position < 100));
    }

    [Fact]
    public async Task A_shop_resumed_at_a_position_goes_on_as_if_never_interrupted()
    {
        var all = await ReadAsync(new ShopInput(5, 120));
        var rest = await ReadAsync(new ShopInput(5, 120), from: 77);
        rest.ShouldBe(all.Where(step => step.Position >= 77));
        var endless = await new ShopInput(5, null).ReadAsync(77, Cancel).Take(10).Select(Describe).ToListAsync(Cancel);
        endless.ShouldBe(rest.Take(10));
    }

    [Fact]
    public async Task Positions_and_times_never_fall_and_cancellations_follow_their_orders()
    {
        var (position, time, placed, cancels) = (0L, DateTimeOffset.MinValue, new HashSet<string>(), 0);
        await foreach (var step in new ShopInput(1, 3_000).ReadAsync(0, Cancel))
        {
            step.Position.ShouldBeGreaterThanOrEqualTo(position);
            step.Action.Time.ShouldBeGreaterThanOrEqualTo(time);
            (position, time) = (step.Position, step.Action.Time);
            if (step.Action is OrderAction)
            {
                placed.Add(step.Action.Id).ShouldBeTrue();
            }
            else if (step.Action is CancelAction cancel)
            {
                placed.ShouldContain(cancel.OrderId);
                cancels++;
            }
        }

        placed.Count.ShouldBe(3_000);
        cancels.ShouldBeInRange(30, 130);
    }

    [Fact]
    public async Task Every_action_is_one_that_the_services_accept()
    {
        await foreach (var step in new ShopInput(9, 5_000).ReadAsync(0, Cancel))
        {
            var lines = step.Action switch
            {
                OrderAction { Order.Lines: var ordered } => ordered,
                ReturnAction { Return.Lines: var returned } => returned,
                _ => [new OrderLine("x", 1, 1m)],
            };
            lines.Count.ShouldBeInRange(1, 2_000);
            lines.ShouldAllBe(line => line.Quantity > 0 && line.Quantity <= 1_000_000 && line.UnitPrice > 0 && line.UnitPrice <= 1_000_000 && decimal.Round(line.UnitPrice, 3) == line.UnitPrice);
            step.Action.Time.Year.ShouldBeInRange(2000, 2099);
        }
    }

    [Fact]
    public void The_statistics_are_the_datasets()
    {
        var lines = SyntheticFile.Lines(new SyntheticFile.Options { Orders = 6_000, Seed = 2 }).ToList();
        var ordered = lines.Where(line => char.IsAsciiDigit(line.InvoiceNo[0]) && line.UnitPrice > 0).ToList();
        var orders = ordered.GroupBy(line => line.InvoiceNo).ToList();
        var sizes = orders.Select(order => order.Count()).Order().ToList();
        sizes.Average().ShouldBeInRange(23, 31);
        sizes[sizes.Count / 2].ShouldBeInRange(13, 17);
        Share(ordered, line => line.Country == "United Kingdom").ShouldBeInRange(0.88, 0.94);
        Share(ordered, line => line.CustomerId is null).ShouldBeInRange(0.22, 0.28);
        ordered.Where(line => StockCode.IsStock(line.StockCode)).Select(line => line.StockCode).Distinct(StringComparer.Ordinal).Count().ShouldBeInRange(4_000, Catalogue.CodeCount);
        var byCode = ordered.GroupBy(line => line.StockCode).Select(group => group.Count()).OrderDescending().ToList();
        (byCode[1] / (double)ordered.Count).ShouldBeInRange(0.003, 0.006, "Zipf-like");
        (byCode[1] / (double)byCode[2_000]).ShouldBeGreaterThan(20, "Zipf-like");
        orders.ShouldAllBe(order => order.First().InvoiceDate.Hour >= 7 && order.First().InvoiceDate.Hour < 20 && order.First().InvoiceDate.DayOfWeek != DayOfWeek.Saturday);
        orders.GroupBy(order => order.First().InvoiceDate.Month).MaxBy(month => month.Count())!.Key.ShouldBe(11);
        Share(lines.Where(line => line.InvoiceNo[0] == 'C').Select(line => line.InvoiceNo).Distinct(), orders.Count).ShouldBeInRange(0.17, 0.22);
    }

    [Fact]
    public void All_kinds_of_dirt_occur()
    {
        var lines = SyntheticFile.Lines(new SyntheticFile.Options { Orders = 6_000, Seed = 2 }).ToList();
        var invoices = lines.GroupBy(line => line.InvoiceNo).Select(group => group.ToList()).ToList();
        var orders = invoices.Where(invoice => char.IsAsciiDigit(invoice[0].InvoiceNo[0]) && invoice.Any(line => line.UnitPrice > 0)).ToList();
        orders.ShouldContain(order => order.All(line => !StockCode.IsStock(line.StockCode)), "orders of services only");
        orders.ShouldContain(order => order.Any(line => line.UnitPrice == 0 && line.Quantity > 0), "gifts");
        orders.ShouldContain(order => order.Select(line => line.InvoiceDate).Distinct().Count() == 2, "two times");
        orders.ShouldContain(order => order.Select(line => line.StockCode).Distinct().Count() < order.Count, "repeated codes");
        orders.ShouldContain(order => order.Distinct().Count() < order.Count, "exact repeats");
        orders.ShouldContain(order => order.Any(line => line.Quantity >= 3_000), "huge quantities");
        invoices.ShouldContain(invoice => invoice.All(line => line.UnitPrice == 0 && line.Quantity < 0), "write-offs");
        invoices.ShouldContain(invoice => invoice.All(line => line.UnitPrice == 0 && line.Quantity > 0), "goods found");
        invoices.ShouldContain(invoice => invoice[0].InvoiceNo[0] == 'A', "bad debt");
        lines.ShouldContain(line => line.Description.Length == 0);
        lines.ShouldContain(line => line.Description.Contains('"'));
        lines.ShouldContain(line => line.Description.Contains(','));
        lines.ShouldContain(line => line.Description.Contains('£'));
        lines.ShouldContain(line => decimal.Round(line.UnitPrice, 2) != line.UnitPrice, "three decimals");
        var codes = lines.Select(line => line.StockCode).Distinct(StringComparer.Ordinal).ToList();
        codes.Distinct(StringComparer.OrdinalIgnoreCase).Count().ShouldBeLessThan(codes.Count, "codes that differ only by case");
    }

    private static double Share(List<DatasetLine> lines, Func<DatasetLine, bool> holds) => lines.Count(holds) / (double)lines.Count;

    private static double Share(IEnumerable<string> some, int all) => some.Count() / (double)all;

    private static Task<List<(long Position, string Id)>> ReadAsync(ShopInput input, long from = 0) => input.ReadAsync(from, Cancel).Select(Describe).ToListAsync(Cancel).AsTask();

    // The whole action as text, so that equal means equal in every line.
    private static (long Position, string Text) Describe(Step step) => (step.Position, step.Action switch
    {
        OrderAction { Order: var order } => System.Text.Json.JsonSerializer.Serialize(order),
        ReturnAction { Return: var goods } => System.Text.Json.JsonSerializer.Serialize(goods),
        StockAction { Adjustment: var adjustment } => System.Text.Json.JsonSerializer.Serialize(adjustment),
        LedgerAction { Adjustment: var adjustment } => System.Text.Json.JsonSerializer.Serialize(adjustment),
        var other => other.ToString(),
    });

    private static string Id((long Position, string Text) step) => step.Text;
}
