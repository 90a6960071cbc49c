using System.Text.Json;
using Contracts;
using Contracts.Http;
using FlowPlatform.Hosting;
using FlowPlatform.Tests.Support;
using Simulator.Checks;
using Simulator.Gateway;
using Simulator.Replay;

namespace Services.Tests.Simulator;

public sealed class ReportTests
{
    private static readonly DateTimeOffset Time = new(2010, 12, 1, 8, 26, 0, TimeSpan.Zero);

    private const string Golden =
        """
        {
          "dataset": "retail.csv.gz",
          "orders": { "placed": 2, "shipped": 2, "rejected": 0, "declined": 0, "cancelled": 0, "open": 0 },
          "returns": 1,
          "adjustments": 1,
          "inventoryAdjustments": 2,
          "revenue": {
            "gross": "25.304",
            "returns": "-5.1",
            "adjustments": "-100",
            "net": "-79.796",
            "byDay": { "2010-12-01": { "orders": 2, "units": 13, "gross": "25.304", "returns": "-5.1", "net": "20.204" } },
            "byCountry": {
              "France": { "orders": 1, "units": 7, "gross": "10.004", "returns": "0", "net": "10.004" },
              "United Kingdom": { "orders": 1, "units": 6, "gross": "15.3", "returns": "-5.1", "net": "10.2" }
            }
          },
          "streams": { "orders": { "partitions": 2, "events": 3 } },
          "consumers": [
            { "service": "insights", "consumer": "revenue", "stream": "orders", "partition": 0, "position": 4, "lag": 0 },
            { "service": "insights", "consumer": "revenue", "stream": "orders", "partition": 1, "position": 7, "lag": 0 }
          ],
          "invariants": [{ "name": "every order terminal", "ok": true, "detail": "fine" }],
          "elapsedSeconds": 1.5,
          "eventsPerSecond": 2,
          "endToEndLatencyMs": { "p50": 10, "p95": 20, "p99": 30.5 }
        }
        """;

    [Fact]
    public void The_report_has_the_agreed_shape_with_exact_amounts()
    {
        var json = Report.Of("retail.csv.gz", Evidence(), [new Invariant("every order terminal", true, "fine")], TimeSpan.FromSeconds(1.5)).ToJson();
        Normalize(json).ShouldBe(Normalize(Golden));
    }

    [Fact]
    public async Task A_report_replaces_an_older_one_and_leaves_no_draft()
    {
        using var directory = new TemporaryDirectory();
        var path = Path.Combine(directory.Path, "below", "report.json");
        var report = Report.Of("retail.csv.gz", Evidence(), [], TimeSpan.FromSeconds(1));
        await report.WriteAsync(path, TestContext.Current.CancellationToken);
        await (report with { Dataset = "another" }).WriteAsync(path, TestContext.Current.CancellationToken);
        Directory.GetFiles(Path.GetDirectoryName(path)!).ShouldBe([path]);
        JsonDocument.Parse(await File.ReadAllTextAsync(path, TestContext.Current.CancellationToken)).RootElement.GetProperty("dataset").GetString().ShouldBe("another");
    }

    [Fact]
    public void All_invariants_hold_for_services_that_agree() =>
        Invariants.Check(Evidence()).Where(invariant => !invariant.Ok).ShouldBeEmpty();

    public static TheoryData<string, string> Lies => new()
    {
        { "taken", "money taken = value shipped + refunds of unshipped orders" },
        { "refunded", "return refunds = value returned" },
        { "dispatched", "units reserved = shipped + released" },
        { "restocked", "units reserved = shipped + released" },
        { "open", "every order terminal" },
        { "mark", "no hole" },
        { "lag", "no hole" },
        { "parked", "no hole" },
        { "charged twice", "no duplicate effect" },
        { "booked twice", "no duplicate effect" },
        { "bookings", "no duplicate effect" },
        { "accepted", "per-service counts agree" },
        { "declines", "per-service counts agree" },
        { "stock lines", "per-service counts agree" },
        { "gross", "revenue = the input's own totals" },
        { "day", "revenue = the input's own totals" },
        { "country", "revenue = the input's own totals" },
        { "rejected", "every order of a dataset shipped" },
    };

    [Theory]
    [MemberData(nameof(Lies))]
    public void A_service_that_is_off_by_a_little_breaks_the_invariant(string lie, string name)
    {
        var failed = Invariants.Check(Tell(lie, Evidence())).Where(invariant => !invariant.Ok).ToList();
        failed.Select(invariant => invariant.Name).ShouldContain(name);
        failed.ShouldAllBe(invariant => invariant.Detail.Length > 0);
    }

    private static Evidence Tell(string lie, Evidence e) => lie switch
    {
        "taken" => e with { Book = e.Book with { Taken = e.Book.Taken + 0.001m } },
        "refunded" => e with { Book = e.Book with { RefundedToReturns = 5.1001m } },
        "dispatched" => e with { Stock = e.Stock with { DispatchedUnits = 11 } },
        "restocked" => e with { Stock = e.Stock with { RestockedUnits = 3 } },
        "open" => e with { Orders = e.Orders with { ByStatus = new Dictionary<string, long> { ["shipped"] = 1, ["paid"] = 1 } } },
        "mark" => e with { Statuses = Change(e, row => row with { Mark = 0 }) },
        "lag" => e with { Statuses = Change(e, row => row with { Lag = null }) },
        "parked" => e with { Statuses = e.Statuses.ToDictionary(pair => pair.Key, pair => pair.Value with { Parked = 1 }) },
        "charged twice" => e with { Book = e.Book with { RepeatedReferences = ["1"] } },
        "booked twice" => e with { Book = e.Book with { RepeatedBookings = ["1"] } },
        "bookings" => e with { Book = e.Book with { Bookings = 3 } },
        "accepted" => e with { Orders = e.Orders with { Accepted = 3 } },
        "declines" => e with { Ledger = e.Ledger with { DeclinedOrders = 1 } },
        "stock lines" => e with { Stock = e.Stock with { AdjustmentLines = 3 } },
        "gross" => e with { Days = e.Days with { Totals = e.Days.Totals with { Gross = 25.305m } } },
        "day" => e with { Days = e.Days with { Rows = [e.Days.Rows[0] with { Key = "2010-12-02" }] } },
        "country" => e with { Countries = e.Countries with { Rows = [e.Countries.Rows[0]] } },
        "rejected" => e with { Orders = e.Orders with { ByStatus = new Dictionary<string, long> { ["shipped"] = 1, ["rejected"] = 1 } } },
        _ => throw new ArgumentOutOfRangeException(nameof(lie)),
    };

    private static Dictionary<string, FlowStatus> Change(Evidence e, Func<ConsumerPartitionStatus, ConsumerPartitionStatus> change) =>
        e.Statuses.ToDictionary(pair => pair.Key, pair => pair.Value with { Consumers = [.. pair.Value.Consumers.Select(change)] });

    private static Evidence Evidence()
    {
        var input = new InputTotals();
        input.Add(new OrderAction(new PlaceOrder("1", "17850", "United Kingdom", Time, [new OrderLine("22138", 6, 2.55m)])));
        input.Add(new OrderAction(new PlaceOrder("2", null, "France", Time, [new OrderLine("22139", 4, 0.001m), new OrderLine("22140", 2, 2.50m), new OrderLine("POST", 1, 5m)])));
        input.Add(new ReturnAction(new ReturnGoods("C3", null, "United Kingdom", Time, [new OrderLine("22138", 2, 2.55m)])));
        input.Add(new StockAction(new AdjustStock("2-adj", Time, [new StockQuantity("22141", -1), new StockQuantity("POST", -1)])));
        input.Add(new LedgerAction(new AdjustLedger("A4", Time, -100m, "Adjust bad debt")));
        var totals = new RevenueTotals(2, 13, 25.3040m, -5.10m, -100m, -79.7960m, 1, 1);
        var status = new FlowStatus(1, "orders", [new PublishedPartitionStatus("orders", 0, 1, 1), new PublishedPartitionStatus("orders", 1, 2, 2)], [], new OutboxStatus(0, 0, "running", null), 0);
        var insights = new FlowStatus(
            1, "insights", [], [new("revenue", "orders", 0, 4, 1, 0, 0, "live", "me", null), new("revenue", "orders", 1, 7, 2, 0, 0, "live", "me", null)], new OutboxStatus(0, 0, "running", null), 0);
        return new Evidence(
            input,
            IsDataset: true,
            new Dictionary<string, FlowStatus> { ["orders"] = status, ["insights"] = insights },
            new OrdersSummary(2, 1, new Dictionary<string, long> { ["placed"] = 0, ["shipped"] = 2 }, new Percentiles(10, 20, 30.5)),
            new StockSummary(12, 0, 12, 2, 2, 0, 1, 2),
            new Ledger(25.304m, 0m, 5.1m, -100m, 2, 0, 0, 1, 1),
            new ShipmentsSummary(2, 25.304m, 12, 0, 0),
            new RevenueAnswer("day", [new RevenueRow("2010-12-01", 2, 13, 25.3040m, -5.10m, 20.2040m)], totals),
            new RevenueAnswer("country", [new RevenueRow("France", 1, 7, 10.004m, 0m, 10.004m), new RevenueRow("United Kingdom", 1, 6, 15.30m, -5.10m, 10.20m)], totals),
            new BookSums(25.304m, 2, 0, 0m, 0, 5.1m, 1, 2, [], []));
    }

    private static string Normalize(string json) => JsonSerializer.Serialize(JsonDocument.Parse(json).RootElement);
}
