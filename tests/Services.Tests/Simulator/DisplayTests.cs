using Contracts.Http;
using FlowPlatform.Hosting;
using Simulator;
using Simulator.Watching;

namespace Services.Tests.Simulator;

public sealed class DisplayTests
{
    private readonly ManualClock clock = new();
    private readonly StringWriter output = new();

    private string[] Lines => output.ToString().Split(Environment.NewLine, StringSplitOptions.RemoveEmptyEntries);

    [Fact]
    public void A_terminal_gets_a_transient_line_a_second_with_rates_and_progress()
    {
        var display = new Display(output, clock, terminal: true);
        Show(display, sent: 0, shipped: 0, events: 0);
        clock.Advance(TimeSpan.FromSeconds(1));
        Show(display, sent: 50, shipped: 30, events: 200);
        var line = Lines.ShouldHaveSingleItem();
        line.ShouldStartWith("~ [#########...............] 40 % 2010-12-01 08:26 orders 50 sent 50/s, placed 50/s, shipped 30 30/s | events 200/s | lag 7 | outbox 3");
    }

    [Fact]
    public void A_plain_log_gets_a_line_every_five_seconds()
    {
        var display = new Display(output, clock, terminal: false);
        for (var second = 0; second <= 11; second++)
        {
            Show(display, sent: second * 10, shipped: 0, events: 0);
            clock.Advance(TimeSpan.FromSeconds(1));
        }

        Lines.Length.ShouldBe(2);
        Lines.ShouldAllBe(line => !line.StartsWith('~') && line.Contains("sent 10/s"));
    }

    [Fact]
    public void Who_does_not_answer_and_what_is_tried_again_is_said_and_an_endless_shop_has_no_bar()
    {
        var display = new Display(output, clock, terminal: true);
        Show(display, 0, 0, 0);
        clock.Advance(TimeSpan.FromSeconds(1));
        display.Show(new Snapshot { Statuses = new Dictionary<string, FlowStatus>() }, 5, null, null, "orders: 503");
        Lines.ShouldHaveSingleItem().ShouldStartWith("~ orders 5 sent");
        Lines[0].ShouldContain("no answer: orders, inventory, payments, shipping, insights | trying again: orders: 503");
    }

    private static void Show(Display display, long sent, long shipped, long events)
    {
        var statuses = SimulatorOptions.Services.ToDictionary(service => service, service => new FlowStatus(
            1,
            service,
            service == "orders" ? [new PublishedPartitionStatus("orders", 0, events, events)] : [],
            service == "insights" ? [new ConsumerPartitionStatus("revenue", "orders", 0, 0, Math.Max(0, events - 7), 0, 0, "live", "me", null)] : [],
            new OutboxStatus(service == "orders" ? 2 : 0, service == "payments" ? 1 : 0, "running", null),
            0));
        var summary = new OrdersSummary(sent, 0, new Dictionary<string, long> { ["placed"] = sent - shipped, ["shipped"] = shipped }, new Percentiles(0, 0, 0));
        display.Show(new Snapshot { Statuses = statuses, Orders = summary }, sent, 100, new DateTimeOffset(2010, 12, 1, 8, 26, 0, TimeSpan.Zero), null);
    }
}
