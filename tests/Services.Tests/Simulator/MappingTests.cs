using Contracts;
using FlowPlatform.Tests.Support;
using Simulator.Dataset;
using Simulator.Replay;
using Simulator.Shop;

namespace Services.Tests.Simulator;

public sealed class MappingTests
{
    private static readonly DateTimeOffset Time = new(2010, 12, 1, 8, 26, 0, TimeSpan.Zero);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    /// <summary>The real file where FLOW_DATASET names it; a synthetic one otherwise.</summary>
    [Fact]
    public async Task Totals_are_those_of_an_independent_fold_to_the_last_digit()
    {
        using var directory = new TemporaryDirectory();
        var path = Environment.GetEnvironmentVariable("FLOW_DATASET");
        var real = path is { Length: > 0 };
        if (!real)
        {
            path = Path.Combine(directory.Path, "synthetic.csv.gz");
            await SyntheticFile.WriteAsync(path, new SyntheticFile.Options { Seed = 3, Orders = 3_000, Dates = SyntheticFile.Form.Mixed, Customers = SyntheticFile.Form.Mixed }, Cancel);
        }

        var totals = new InputTotals();
        var times = new List<DateTimeOffset>();
        await foreach (var step in new DatasetInput(path!).ReadAsync(0, Cancel))
        {
            totals.Add(step.Action);
            times.Add(step.Action.Time);
        }

        var lines = await DatasetReader.ReadFileAsync(path!, Cancel).ToListAsync(Cancel);
        ShouldBeTheFoldOf(lines, totals);
        times.ShouldBe(times.Order().ToList());
        if (real && lines.Count == 541_909)
        {
            (totals.Orders, totals.OrderLines, totals.Gross, totals.Units).ShouldBe((19_959L, 530_103L, 10_655_622.484m, 5_588_375L));
            (totals.Returns, totals.ReturnLines, totals.Returned, totals.RestockedUnits).ShouldBe((3_836L, 9_288L, -896_812.49m, 272_030L));
            (totals.LedgerAdjustments, totals.Adjusted, totals.StockAdjustmentLines, totals.Net).ShouldBe((3L, -11_062.06m, 2_515L, 9_747_747.934m));
        }
    }

    [Fact]
    public void Lines_without_a_price_inside_of_an_order_are_gifts_and_alone_they_keep_their_sign()
    {
        var order = InvoiceMapper.Map([Line("1", "22138", 6, 2.55m), Line("1", "21730", 3, 0m), Line("1", "POST", 1, 18m)]);
        order.Count.ShouldBe(2);
        order[0].ShouldBeOfType<OrderAction>().Order.Lines.ShouldBe([new OrderLine("22138", 6, 2.55m), new OrderLine("POST", 1, 18m)]);
        var gift = order[1].ShouldBeOfType<StockAction>().Adjustment;
        gift.AdjustmentId.ShouldBe("1-adj");
        gift.Lines.ShouldHaveSingleItem().ShouldBe(new StockQuantity("21730", -3));

        var alone = InvoiceMapper.Map([Line("2", "21730", 3, 0m), Line("2", "21731", -4, 0m)]);
        alone.ShouldHaveSingleItem().ShouldBeOfType<StockAction>().Adjustment.Lines.ShouldBe([new StockQuantity("21730", 3), new StockQuantity("21731", -4)]);
    }

    [Fact]
    public void Returns_are_positive_and_bad_debt_keeps_its_sign()
    {
        var returned = InvoiceMapper.Map([Line("C5", "22138", -2, 2.55m)]).ShouldHaveSingleItem().ShouldBeOfType<ReturnAction>().Return;
        returned.ReturnId.ShouldBe("C5");
        returned.Lines.ShouldHaveSingleItem().ShouldBe(new OrderLine("22138", 2, 2.55m));
        var debt = InvoiceMapper.Map([Line("A6", "B", 1, -11062.06m)]).ShouldHaveSingleItem().ShouldBeOfType<LedgerAction>().Adjustment;
        (debt.AdjustmentId, debt.Amount).ShouldBe(("A6", -11062.06m));
    }

    [Theory]
    [InlineData("1", -6, 2.55, "Quantity")]
    [InlineData("1", 6, -2.55, "UnitPrice")]
    [InlineData("C1", 6, 2.55, "Quantity")]
    [InlineData("C1", -6, 0, "UnitPrice")]
    [InlineData("A1", 1, 0, "UnitPrice")]
    public void A_line_that_fits_no_rule_is_named(string invoice, int quantity, double price, string column)
    {
        var fault = Should.Throw<DatasetException>(() => InvoiceMapper.Map([Line(invoice, "22138", quantity, (decimal)price) with { Line = 12 }]));
        (fault.Line, fault.Column).ShouldBe((12L, column));
    }

    [Fact]
    public void An_invoice_of_two_customers_is_named() =>
        Should.Throw<DatasetException>(() => InvoiceMapper.Map([Line("1", "22138", 1, 1m), Line("1", "22138", 1, 1m) with { CustomerId = "5" }])).Column.ShouldBe("CustomerID");

    [Fact]
    public async Task An_invoice_with_two_times_is_one_order_of_its_first_time_though_another_comes_between()
    {
        var grouped = await GroupAsync(Line("1", "22138", 1, 1m), Line("2", "22138", 2, 1m), Line("1", "22139", 3, 1m, minutes: 1), Line("3", "22138", 4, 1m, minutes: 20));
        grouped.Select(invoice => invoice[0].InvoiceNo).ShouldBe(["1", "2", "3"]);
        grouped[0].Select(line => line.Quantity).ShouldBe([1, 3]);
        InvoiceMapper.Map(grouped[0]).ShouldHaveSingleItem().Time.ShouldBe(Time);
    }

    [Fact]
    public async Task Lines_out_of_time_order_or_far_apart_are_named()
    {
        var backwards = await Should.ThrowAsync<DatasetException>(() => GroupAsync(Line("1", "22138", 1, 1m, minutes: 1), Line("2", "22138", 2, 1m)));
        backwards.Column.ShouldBe("InvoiceDate");
        var apart = await Should.ThrowAsync<DatasetException>(() => GroupAsync(Line("1", "22138", 1, 1m), Line("2", "22138", 2, 1m, minutes: 15), Line("1", "22138", 2, 1m, minutes: 16)));
        apart.Column.ShouldBe("InvoiceNo");
    }

    [Fact]
    public async Task A_file_read_from_a_position_gives_the_rest()
    {
        using var directory = new TemporaryDirectory();
        var path = Path.Combine(directory.Path, "synthetic.csv");
        await SyntheticFile.WriteAsync(path, new SyntheticFile.Options { Orders = 50 }, Cancel);
        var all = await new DatasetInput(path).ReadAsync(0, Cancel).ToListAsync(Cancel);
        var rest = await new DatasetInput(path).ReadAsync(20, Cancel).ToListAsync(Cancel);
        rest.Select(step => (step.Position, step.Action.Id)).ShouldBe(all.Skip(20).Select(step => (step.Position, step.Action.Id)));
    }

    // By line alone, with none of the code under test: what the data set's own description says about each kind of line.
    private static void ShouldBeTheFoldOf(List<DatasetLine> lines, InputTotals totals)
    {
        var sales = lines.Where(line => char.IsAsciiDigit(line.InvoiceNo[0])).ToList();
        var ordered = sales.Where(line => line.UnitPrice > 0).ToList();
        var returned = lines.Where(line => line.InvoiceNo[0] == 'C').ToList();
        var debts = lines.Where(line => line.InvoiceNo[0] == 'A').ToList();
        totals.Orders.ShouldBe(ordered.Select(line => line.InvoiceNo).Distinct().Count());
        totals.OrderLines.ShouldBe(ordered.Count);
        totals.Units.ShouldBe(ordered.Sum(line => (long)line.Quantity));
        totals.Gross.ShouldBe(ordered.Sum(line => line.Quantity * line.UnitPrice));
        totals.Returns.ShouldBe(returned.Select(line => line.InvoiceNo).Distinct().Count());
        totals.Returned.ShouldBe(returned.Sum(line => line.Quantity * line.UnitPrice));
        totals.RestockedUnits.ShouldBe(-returned.Where(line => line.StockCode.Length >= 5 && line.StockCode[..5].All(char.IsAsciiDigit)).Sum(line => (long)line.Quantity));
        totals.Adjusted.ShouldBe(debts.Sum(line => line.Quantity * line.UnitPrice));
        totals.StockAdjustmentLines.ShouldBe(sales.Count(line => line.UnitPrice == 0));
        totals.ByCountry.ToDictionary(pair => pair.Key, pair => pair.Value.Gross).Where(pair => pair.Value != 0)
            .ShouldBe(ordered.GroupBy(line => line.Country).ToDictionary(group => group.Key, group => group.Sum(line => line.Quantity * line.UnitPrice)), ignoreOrder: true);
        totals.ByDay.Values.Sum(row => row.Units).ShouldBe(totals.Units);
        lines.Count.ShouldBe(ordered.Count + returned.Count + debts.Count + (int)totals.StockAdjustmentLines);
    }

    private static async Task<List<IReadOnlyList<DatasetLine>>> GroupAsync(params DatasetLine[] lines) =>
        await InvoiceGrouping.GroupAsync(lines.ToAsyncEnumerable(), Cancel).ToListAsync(Cancel);

    private static DatasetLine Line(string invoice, string code, int quantity, decimal price, int minutes = 0) =>
        new(1, invoice, code, "", quantity, Time.AddMinutes(minutes), price, null, "France");
}
