using Contracts.Http;
using FlowPlatform.Hosting;
using Simulator.Watching;

namespace Services.Tests.Simulator;

public sealed class QuietWatchTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);
    private readonly ManualClock clock = new();
    private readonly QuietWatch watch;

    public QuietWatchTests() => watch = new QuietWatch(clock, Limit, () => 1);

    [Fact]
    public void Quiet_needs_the_same_quiet_snapshot_twice()
    {
        Observe(Quiet()).ShouldBe(Verdict.Moving);
        Observe(Quiet()).ShouldBe(Verdict.Quiet);
    }

    [Theory]
    [InlineData(0, 0, true)]
    [InlineData(0, 2, false)]
    [InlineData(3, 0, false)]
    public void A_producer_that_adopted_the_log_counts_anew_and_who_has_applied_what_came_before_is_at_its_end(long last, long lag, bool quiet)
    {
        Observe(Adopted(last, lag));
        Observe(Adopted(last, lag)).ShouldBe(quiet ? Verdict.Quiet : Verdict.Moving);
        (Adopted(last, lag).Lag > 0).ShouldBe(!quiet);
    }

    [Fact]
    public void Quiet_snapshots_with_other_numbers_are_not_quiet()
    {
        Observe(Quiet(last: 10)).ShouldBe(Verdict.Moving);
        Observe(Quiet(last: 11)).ShouldBe(Verdict.Moving);
        Observe(Quiet(last: 11)).ShouldBe(Verdict.Quiet);
    }

    [Fact]
    public void Nothing_is_quiet_before_all_is_sent()
    {
        Observe(Quiet(), allSent: false);
        Observe(Quiet(), allSent: false).ShouldBe(Verdict.Moving);
    }

    public static TheoryData<string, string> Obstacles => new()
    {
        { "mark", "insights: consumer revenue on orders-0 is at 9 of 10, unavailable: disk full." },
        { "ahead", "insights: consumer revenue on orders-0 is at 11 of 10" },
        { "no producer", "insights: consumer revenue on orders-0: its producer does not say where the stream ends." },
        { "outbox", "orders: outbox has 3 unconfirmed rows and 0 waiting commands, unavailable: no broker." },
        { "commands", "orders: outbox has 0 unconfirmed rows and 2 waiting commands" },
        { "silent service", "shipping does not answer /flow/status." },
        { "open order", "orders: of 5 accepted, 0 are unknown to the order status, open: 1 paid." },
        { "unknown order", "orders: of 5 accepted, 1 are unknown to the order status" },
        { "no summary", "orders does not answer /orders/summary." },
    };

    [Theory]
    [MemberData(nameof(Obstacles))]
    public void What_stands_in_the_way_stalls_after_the_limit_and_is_named(string kind, string obstacle)
    {
        var snapshot = With(kind);
        Observe(snapshot).ShouldBe(Verdict.Moving);
        watch.Obstacles.ShouldContain(found => found.StartsWith(obstacle, StringComparison.Ordinal));
        clock.Advance(Limit - TimeSpan.FromSeconds(2));
        Observe(snapshot).ShouldBe(Verdict.Moving);
        clock.Advance(TimeSpan.FromSeconds(2));
        Observe(snapshot).ShouldBe(Verdict.Stalled);
    }

    [Fact]
    public void Any_movement_puts_the_limit_off()
    {
        for (var mark = 1; mark < 9; mark++)
        {
            Observe(Quiet(mark: mark)).ShouldBe(Verdict.Moving);
            clock.Advance(TimeSpan.FromSeconds(50));
        }
    }

    [Fact]
    public void A_service_that_comes_and_goes_moves_nothing()
    {
        var (here, gone) = (With("mark"), With("mark", missing: "payments"));
        Observe(here);
        for (var second = 0; second < 59; second++)
        {
            clock.Advance(TimeSpan.FromSeconds(1));
            Observe(second % 2 == 0 ? gone : here).ShouldBe(Verdict.Moving);
        }

        clock.Advance(TimeSpan.FromSeconds(1));
        Observe(here).ShouldBe(Verdict.Stalled);
    }

    [Fact]
    public void Waiting_for_the_schedule_is_no_stall_but_waiting_for_answers_is()
    {
        for (var minute = 0; minute < 5; minute++)
        {
            watch.Observe(Quiet(), 3, allSent: false, onSchedule: true).ShouldBe(Verdict.Moving);
            clock.Advance(TimeSpan.FromMinutes(1));
        }

        watch.Observe(Quiet(), 3, allSent: false, onSchedule: true);
        clock.Advance(Limit);
        watch.Observe(Quiet(), 3, allSent: false, onSchedule: false).ShouldBe(Verdict.Stalled);
    }

    [Theory]
    [InlineData("refund", "payments: 1 of 2 returns are refunded.")]
    [InlineData("charge", "payments: 6 orders are charged, but 5 shipped and 0 refunded.")]
    [InlineData("debt", "payments: 0 of 1 ledger adjustments are booked.")]
    public void What_is_only_unsettled_is_waited_for_and_then_left_to_the_checks(string kind, string obstacle)
    {
        var quiet = Quiet();
        var snapshot = quiet with
        {
            Ledger = kind switch
            {
                "refund" => quiet.Ledger! with { RefundedReturns = 1 },
                "charge" => quiet.Ledger! with { ChargedOrders = 6 },
                _ => quiet.Ledger! with { AdjustmentCount = 0 },
            },
        };
        Observe(snapshot);
        Observe(snapshot).ShouldBe(Verdict.Moving);
        watch.Obstacles.ShouldBe([obstacle]);
        clock.Advance(Limit);
        Observe(snapshot).ShouldBe(Verdict.Quiet);
    }

    [Fact]
    public void Lag_and_outbox_of_a_snapshot_are_sums()
    {
        Quiet(mark: 4).Lag.ShouldBe(6);
        With("outbox").Outbox.ShouldBe(3);
        Quiet().Events.ShouldBe(10);
    }

    private Verdict Observe(Snapshot snapshot, bool allSent = true) => watch.Observe(snapshot, 12, allSent, onSchedule: false);

    private static Snapshot With(string kind, string? missing = null)
    {
        var quiet = kind switch { "mark" => Quiet(mark: 9), "ahead" => Quiet(mark: 11), _ => Quiet() };
        var statuses = new Dictionary<string, FlowStatus>(quiet.Statuses);
        var orders = statuses["orders"];
        statuses["orders"] = kind switch
        {
            "outbox" => orders with { Outbox = new OutboxStatus(3, 0, "unavailable", "no broker") },
            "commands" => orders with { Outbox = new OutboxStatus(0, 2, "running", null) },
            "no producer" => orders with { Streams = [] },
            _ => orders,
        };
        statuses.Remove(kind == "silent service" ? "shipping" : missing ?? "");
        var summary = kind switch
        {
            "open order" => Summary(shipped: 4, paid: 1),
            "unknown order" => Summary(shipped: 4, paid: 0),
            "no summary" => null,
            _ => quiet.Orders,
        };
        return quiet with { Statuses = statuses, Orders = summary };
    }

    private static Snapshot Quiet(long last = 10, long? mark = null)
    {
        var statuses = new[] { "orders", "inventory", "payments", "shipping", "insights" }.ToDictionary(
            service => service,
            service => new FlowStatus(
                1,
                service,
                service == "orders" ? [new PublishedPartitionStatus("orders", 0, last, last)] : [],
                service == "insights" ? [new ConsumerPartitionStatus("revenue", "orders", 0, last, mark ?? last, 0, 0, mark is null ? "live" : "unavailable", "me", mark is null ? null : "disk full")] : [],
                new OutboxStatus(0, 0, "running", null),
                0));
        return new Snapshot { Statuses = statuses, Orders = Summary(5, 0), Ledger = new Ledger(50m, 0m, 4m, -1m, 5, 0, 0, 2, 1), Shipments = new ShipmentsSummary(5, 50m, 9, 0, 0) };
    }

    /// <summary>Orders adopted its log, and has published so many events since; of 10 by the store before it, some may be to come.</summary>
    private static Snapshot Adopted(long last, long lag)
    {
        var quiet = Quiet(last);
        var statuses = quiet.Statuses.ToDictionary();
        statuses["orders"] = statuses["orders"] with { Streams = [new PublishedPartitionStatus("orders", 0, last, last) { Producer = "orders/new" }] };
        statuses["insights"] = statuses["insights"] with { Consumers = [new ConsumerPartitionStatus("revenue", "orders", 0, 10, 10, lag, 0, "live", "me", null) { Producer = "orders/old" }] };
        return quiet with { Statuses = statuses };
    }

    private static OrdersSummary Summary(long shipped, long paid) =>
        new(5, 2, new Dictionary<string, long> { ["placed"] = 0, ["paid"] = paid, ["shipped"] = shipped, ["rejected"] = 0 }, new Percentiles(1, 2, 3));
}
