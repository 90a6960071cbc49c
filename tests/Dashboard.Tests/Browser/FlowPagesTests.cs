using FlowPlatform.Dashboard.Parked;
using FlowPlatform.Dashboard.Tests.Support;
using FlowPlatform.Hosting;
using FlowPlatform.Log;
using Microsoft.Playwright;

namespace FlowPlatform.Dashboard.Tests.Browser;

/// <summary>Streams, events and parked keys in a browser: events are on a real broker, what services say is scripted.</summary>
public sealed class FlowPagesTests(TestBrowser browser, DashboardBroker broker)
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Streams_show_every_consumer_every_partition_and_what_health_checks_say()
    {
        await using var system = await SystemAsync();
        await browser.UseAsync(system.Dashboard, async page =>
        {
            await page.OpenAsync("/streams");
            await page.SeesAsync("a consumer with its lag", page.Page.GetByRole(AriaRole.Row).Filter(new() { HasText = "order-status" }).Filter(new() { HasText = "1,250" }));
            await page.SeesAsync("the alarm of the other service", page.Page.GetByText("inventory-levels can't read"));
            await page.SeesAsync("how many are not healthy", page.Page.GetByText("1 of 2 services is not healthy"));
            await page.SeesAsync("where the partitions begin and end, before any is opened", page.Page.GetByRole(AriaRole.Row, new() { NameRegex = new System.Text.RegularExpressions.Regex($"{system.Orders}.* 2 0 2 3 ") }));
            await page.SeesAsync("the log's partitions", page.Page.GetByRole(AriaRole.Row).Filter(new() { HasText = system.Orders }).Filter(new() { HasText = "events" }));
            await page.Page.GetByRole(AriaRole.Button, new() { Name = "order-status" }).ClickAsync();
            await page.SeesAsync("the consumer's partition", page.Page.GetByText("at 7", new() { Exact = true }));
            await page.Page.GetByRole(AriaRole.Button, new() { Name = system.Orders }).ClickAsync();
            await page.SeesAsync("its partition", page.Page.GetByRole(AriaRole.Link, new() { Name = $"{system.Orders}-1" }));
            await page.LookAsync("pages/streams");
            page.Faults.ShouldBeNone();
        });
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task An_event_leads_to_what_it_caused_and_to_who_has_applied_it_and_shows_personal_data_on_request_only(bool embedded)
    {
        await using var system = await SystemAsync(embedded);
        await browser.UseAsync(system.Dashboard, async page =>
        {
            await page.OpenAsync($"/events?stream={system.Orders}");
            await page.SeesAsync("the newest event", page.Page.GetByRole(AriaRole.Link, new() { Name = "orders.cancel-requested.v1" }));
            await page.LookAsync($"pages/events{(embedded ? "-embedded" : "")}");
            await page.Page.GetByLabel("Key").FillAsync("536365");
            await page.Page.Keyboard.PressAsync("Enter");
            await page.IsAtAsync(address => address.Contains("key=536365", StringComparison.Ordinal), "the filter stands in the address");
            await page.SeesAsync("the key's events alone", page.Page.GetByText(new System.Text.RegularExpressions.Regex("^\\s*2 shown of")));
            await page.Page.GetByRole(AriaRole.Link, new() { Name = "orders.placed.v1" }).First.ClickAsync();
            var data = page.Page.Locator("pre.payload");
            await page.SeesAsync("the data", data.Filter(new() { HasText = "United Kingdom" }));
            (await page.TextAsync()).ShouldNotContain("17850");
            await page.SeesAsync("what it caused", page.Page.GetByRole(AriaRole.Link, new() { Name = "inventory.reserved.v1" }));
            await page.SeesAsync("who has applied it", page.Page.GetByRole(AriaRole.Row).Filter(new() { HasText = "order-status" }).Filter(new() { HasText = "applied" }));
            await page.LookAsync($"pages/event{(embedded ? "-embedded" : "")}");
            await page.Page.GetByRole(AriaRole.Button, new() { Name = "Reveal 1 masked" }).ClickAsync();
            await page.SeesAsync("the customer", data.Filter(new() { HasText = "17850" }));
            await page.Page.GetByRole(AriaRole.Link, new() { Name = "inventory.reserved.v1" }).ClickAsync();
            await page.SeesAsync("the effect", page.Page.GetByRole(AriaRole.Heading, new() { Level = 1, Name = "inventory.reserved.v1" }));
            await page.Page.GoBackAsync();
            await page.SeesAsync("the event again", page.Page.GetByRole(AriaRole.Heading, new() { Level = 1, Name = "orders.placed.v1" }));
            (await page.TextAsync()).ShouldNotContain("17850", customMessage: "What was revealed is masked again.");
            page.Faults.ShouldBeNone();
        });
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_live_tail_shows_what_comes_and_nothing_while_it_is_paused(bool embedded)
    {
        await using var system = await SystemAsync(embedded);
        var log = system.Log.Log;
        await browser.UseAsync(system.Dashboard, async page =>
        {
            await page.OpenAsync($"/events?stream={system.Orders}&follow=true");
            await page.SeesAsync("that it waits", page.Page.GetByText("Waiting for what comes."));
            await DashboardBroker.AppendAsync(log, new PartitionId(system.Orders, 0), DashboardBroker.Event(10, "orders.placed.v1", "live-1"));
            await page.SeesAsync("the event that came", page.Page.GetByRole(AriaRole.Cell, new() { Name = "live-1" }));
            await page.Page.GetByRole(AriaRole.Button, new() { Name = "Pause" }).ClickAsync();
            await page.SeesAsync("that it is paused", page.Page.GetByText("Paused: nothing is read."));
            await DashboardBroker.AppendAsync(log, new PartitionId(system.Orders, 0), DashboardBroker.Event(11, "orders.placed.v1", "live-2"));
            await page.Page.GetByRole(AriaRole.Button, new() { Name = "Go on" }).ClickAsync();
            await page.SeesAsync("what came meanwhile", page.Page.GetByRole(AriaRole.Cell, new() { Name = "live-2" }));
            await page.LookAsync($"pages/events-live{(embedded ? "-embedded" : "")}");
            page.Faults.ShouldBeNone();
        });
    }

    [Fact]
    public async Task A_parked_key_is_redriven_and_discarded_only_with_a_reason_and_a_confirmation()
    {
        await using var system = await SystemAsync();
        await browser.UseAsync(system.Dashboard, async page =>
        {
            await page.OpenAsync("/parked");
            await page.Page.GetByRole(AriaRole.Link, new() { Name = "536370" }).ClickAsync();
            await page.SeesAsync("the reason", page.Page.GetByText("There is no country 'Utopia'.").Last);
            await page.SeesAsync("the event behind it", page.Page.GetByRole(AriaRole.Link, new() { Name = "orders.placed.v1" }));
            (await page.TextAsync()).ShouldNotContain("12345");
            await page.LookAsync("pages/parked");
            await page.Page.GetByRole(AriaRole.Button, new() { Name = "Discard…" }).ClickAsync();
            await page.SeesAsync("that a reason is needed", page.Page.GetByText("Say why: the audit keeps it."));
            await page.Page.GetByLabel("Why, for the audit").FillAsync("Nobody needs it.");
            await page.Page.GetByRole(AriaRole.Button, new() { Name = "Discard…" }).ClickAsync();
            await page.SeesAsync("the question", page.Page.GetByRole(AriaRole.Dialog));
            await page.Page.GetByRole(AriaRole.Button, new() { Name = "Cancel" }).ClickAsync();
            system.Service.Posted.ShouldBeEmpty();
            await page.Page.GetByRole(AriaRole.Button, new() { Name = "Discard…" }).ClickAsync();
            await page.Page.GetByRole(AriaRole.Button, new() { Name = "Discard for ever" }).ClickAsync();
            await page.SeesAsync("that it was asked for", page.Page.GetByText("Asked orders/order-status to discard key 536370."));
            system.Service.Posted.TryDequeue(out var posted).ShouldBeTrue();
            posted.Path.ShouldBe("/flow/discard");
            posted.Body.ShouldContain("Nobody needs it.");
            await page.Page.GetByRole(AriaRole.Button, new() { Name = "Redrive" }).ClickAsync();
            await page.SeesAsync("that it was asked for", page.Page.GetByText("Asked orders/order-status to redrive key 536370."));
            page.Faults.ShouldBeNone();
        });
    }

    private async Task<FlowSystem> SystemAsync(bool embedded = false)
    {
        var opened = await TestLog.OpenAsync(broker, embedded);
        var log = opened.Log;
        var (orders, inventory) = (await DashboardBroker.CreateStreamAsync(log, "orders", 2), await DashboardBroker.CreateStreamAsync(log, "inventory", 1));
        await DashboardBroker.AppendAsync(
            log, new PartitionId(orders, Partitioner.PartitionOf("536365", 2)),
            DashboardBroker.Event(1, "orders.placed.v1", "536365", """{"orderId":"536365","customerId":"17850","country":"United Kingdom","lines":[{"code":"85123A","quantity":6,"unitPrice":"2.55"}]}""", "root", conversation: "root"),
            DashboardBroker.Event(2, "orders.placed.v1", "536366", """{"orderId":"536366","customerId":"17850","country":"United Kingdom","lines":[]}""", "next", conversation: "next"));
        await DashboardBroker.AppendAsync(log, new PartitionId(inventory, 0), DashboardBroker.Event(1, "inventory.reserved.v1", "536365", """{"orderId":"536365"}""", "reserved", "root", "root"));
        await DashboardBroker.AppendAsync(log, new PartitionId(orders, Partitioner.PartitionOf("536365", 2)), DashboardBroker.Event(3, "orders.cancel-requested.v1", "536365", """{"orderId":"536365"}""", "cancel", conversation: "root"));
        var service = await ScriptedService.StartAsync("orders");
        var other = await ScriptedService.StartAsync("inventory");
        service.Status = new FlowStatus(
            1, "orders", [new(orders, 0, 3, 3), new(orders, 1, 0, 0)],
            [Row("order-status", orders, 0, 7, 1_250, "catching-up"), Row("order-status", orders, 1, 7, 0, "live"), Row("order-status", inventory, 0, 1, 0, "live") with { Parked = new ParkedStatus(1, 2, 93) }],
            new OutboxStatus(12, 1, "running", null), 1)
        { Instance = "host-1/4711" };
        other.Status = new FlowStatus(
            1, "inventory", [new(inventory, 0, 1, 1)], [Row("inventory-levels", orders, 0, 0, null, "unavailable", "The broker can't be reached.")], new OutboxStatus(0, 0, "running", null), 0)
        { Instance = "host-1/4711" };
        other.Trouble = $"inventory-levels can't read {orders}-0: the broker can't be reached.";
        service.Answers["/flow/contracts"] = new { version = 1, contracts = new[] { new PublishedContract("orders.placed.v1", orders, ["customerId"]), new PublishedContract("orders.cancel-requested.v1", orders, []) } };
        other.Answers["/flow/contracts"] = new { version = 1, contracts = new[] { new PublishedContract("inventory.reserved.v1", inventory, []) } };
        var since = new DateTimeOffset(2026, 1, 5, 8, 26, 0, TimeSpan.Zero);
        var key = new ParkedKey("order-status", orders, 0, "536370", 1, since, "There is no country 'Utopia'.", "System.InvalidOperationException", 1, "parked", null);
        service.Answers["/flow/parked"] = new { version = 1, keys = new[] { key } };
        service.Answers[key.Path] = new
        {
            version = 1, key, stack = "at Orders.OrderStatus.PlaceAsync(OrderPlaced placed)",
            events = new[] { new ParkedEvent(1, "e-1", "orders.placed.v1", 0, since, since, since, null, null, null, """{"orderId":"536370","customerId":"12345","country":"Utopia"}""", false) },
        };
        service.Answers["/flow/audit"] = new { version = 1, entries = new[] { new AuditEntry(1, since, "ann", "redrive", "The country is known now.", "order-status", orders, 0, "536365", null) } };
        var dashboard = await TestDashboard.StartAsync(settings: [.. opened.Settings, .. ScriptedService.Settings(service, other)]);
        await Eventually.ThatAsync("all is known", () => dashboard.Get<FlowPlatform.Dashboard.Streams.FlowBoard>().Partitions.Count == 3 && dashboard.Get<FlowPlatform.Dashboard.Events.ContractCatalog>().Types.Count() == 3);
        Cancel.ThrowIfCancellationRequested();
        return new FlowSystem(dashboard, service, other, orders, opened);
    }

    private static ConsumerPartitionStatus Row(string consumer, string stream, int partition, long position, long? lag, string state, string? error = null) =>
        new(consumer, stream, partition, position, position, lag, lag > 0 ? 4.2 : 0, state, "host-1/4711", error) { Batches = new BatchStatus(10, 420) };

    private sealed record FlowSystem(TestDashboard Dashboard, ScriptedService Service, ScriptedService Other, string Orders, TestLog Log) : IAsyncDisposable
    {
        public async ValueTask DisposeAsync()
        {
            await Dashboard.DisposeAsync();
            await Service.DisposeAsync();
            await Other.DisposeAsync();
            await Log.DisposeAsync();
        }
    }
}
