using System.Text.RegularExpressions;
using FlowPlatform.Orchestration.Processes;
using FlowPlatform.Tests.Support.Browser;
using Microsoft.Playwright;

[assembly: AssemblyFixture(typeof(TestBrowser))]

namespace FlowPlatform.EndToEnd.Tests.Pages;

/// <summary>The pages of the dashboard before the whole running system, in a real browser.</summary>
public sealed partial class PageTests(TestBrowser browser, SeenSystem system) : IClassFixture<SeenSystem>
{
    /// <summary>What it takes to see that a service is gone; generous, because the machine may have other work.</summary>
    private static readonly TimeSpan SeenWithin = TimeSpan.FromSeconds(5);

    /// <summary>A service starts, and the broker gives it what waits.</summary>
    private static readonly TimeSpan StartLimit = TimeSpan.FromMinutes(1);

    [Fact]
    public Task An_order_is_followed_from_its_trace_to_its_event_and_to_all_that_it_caused() => OnPagesAsync(async page =>
    {
        var order = $"SEEN-{Guid.NewGuid():N}";
        var trace = await system.PlaceAsync(order);

        var listed = page.Page.Locator($"table a[href*='{trace}']");
        await page.OpenUntilAsync("/traces?service=orders&name=POST", "the order's trace is listed", [listed], StartLimit);
        await listed.ClickAsync();
        var sent = page.Page.GetByRole(AriaRole.Link, new() { NameRegex = SendOrders() });
        await page.SeesAsync("the trace is open", sent);
        await page.Page.GetByText("begun outside", new() { Exact = true }).ClickAsync();
        await page.SeesAsync("why it has no root", page.Page.GetByText("a customer's own traced system").Last);
        await page.OpenUntilAsync(page.Address, "the trace has come to the shipment", [sent, page.Page.GetByRole(AriaRole.Link, new() { NameRegex = SendShipments() })], StartLimit);
        await page.LookAsync("system/trace");

        await sent.First.ClickAsync();
        await page.Page.GetByRole(AriaRole.Link, new() { Name = "Show the event" }).ClickAsync();
        await page.SeesAsync("the event is listed", page.Page.GetByRole(AriaRole.Cell, new() { Name = order }));
        await page.Page.GetByRole(AriaRole.Link, new() { Name = "orders.placed.v1" }).First.ClickAsync();

        await page.SeesAsync("the event is open", page.Page.GetByRole(AriaRole.Heading, new() { Level = 1, Name = "orders.placed.v1" }));
        var applied = ((string[])["order-status", "stock-keeper", "revenue"]).Select(consumer => page.Page.GetByRole(AriaRole.Row, new() { NameRegex = new Regex($"{consumer}.*applied") }));
        await page.OpenUntilAsync(page.Address, "who applied it and what it caused are shown", [.. applied, page.Page.Locator(".tree").GetByText("shipments.shipped.v1")], StartLimit);
        await page.LookAsync("system/event");
    });

    [Fact]
    public Task A_quiet_system_has_told_of_its_start_and_traces_nothing_of_what_it_asks_itself_every_second() => OnPagesAsync(async page =>
    {
        var consumers = ((string[])["order-status", "stock-keeper", "cashier", "dispatcher", "revenue"]).Select(consumer => page.Page.GetByRole(AriaRole.Row).Filter(new() { HasTextRegex = new Regex($"has started: it runs .*{consumer}") }));
        await page.OpenUntilAsync("/logs?text=has started", "every service has told of its start", [.. consumers], StartLimit);
        await page.OpenUntilAsync("/logs?text=from offset", "consumers have told what they read", [page.Page.GetByText("revenue reads orders-0 from offset")], StartLimit);
        await page.LookAsync("system/logs-of-start");

        await page.OpenAsync("/traces?service=simulator");
        await page.SeesAsync("orders of the simulator", page.Page.GetByRole(AriaRole.Link, new() { NameRegex = new Regex("simulator.*POST") }));
        await page.OpenAsync("/traces?name=GET /orders/summary");
        // This test has asked that, too, and begins no trace: what the simulator asks would be shown as begun outside.
        await page.SeesAsync("what the test has asked", page.Page.GetByRole(AriaRole.Link, new() { NameRegex = new Regex("GET .orders.summary") }));
        (await page.TextAsync()).ShouldNotContain("begun outside");
    });

    [Fact]
    public Task A_killed_service_turns_red_and_a_restart_from_its_page_makes_it_green() => OnPagesAsync(async page =>
    {
        const string Service = "insights";
        await page.OpenAsync("/resources");
        var row = page.Page.Locator($"[data-resource='{Service}']");
        await IsAsync("good");
        // Whoever restarts quickly is red for a fifth of a second: what the page shows is written down, so that it isn't missed.
        await row.EvaluateAsync("row => { window.shown = []; new MutationObserver(() => window.shown.push(row.dataset.state)).observe(row, { attributes: true }) }");

        await system.Host.KillAsync(Service);
        await page.UntilAsync($"{Service} is shown red", () => page.Page.EvaluateAsync<string[]>("() => window.shown"), static shown => shown.Contains("error"), SeenWithin);
        await IsAsync("good");

        var before = SystemProcesses.Service(system.Host.Data, Service).ShouldNotBeNull();
        await page.Page.GetByRole(AriaRole.Button, new() { Name = $"Restart {Service}" }).ClickAsync();
        await page.Page.GetByRole(AriaRole.Dialog).GetByRole(AriaRole.Button, new() { NameRegex = Restart() }).ClickAsync();
        await Eventually.ThatAsync($"{Service} is another process", () => SystemProcesses.Service(system.Host.Data, Service) is { } now && now != before, StartLimit);
        await IsAsync("good");

        Task<string?> IsAsync(string state) => page.UntilAsync($"{Service} is {state}", () => row.GetAttributeAsync("data-state"), now => now == state, StartLimit);
    });

    [Fact]
    public Task Every_page_of_a_running_system_can_be_used_by_everybody() => OnPagesAsync(async page =>
    {
        var entries = await page.Page.GetByRole(AriaRole.Navigation).GetByRole(AriaRole.Link).EvaluateAllAsync<string[]>("links => links.map(link => link.getAttribute('href'))");
        entries.Length.ShouldBeGreaterThanOrEqualTo(9);
        List<string> broken = []; // one run tells of all pages
        foreach (var entry in entries)
        {
            await page.OpenAsync($"/{entry}");
            await page.SeesAsync($"{entry} is open", page.Heading);
            try
            {
                await page.LookAsync($"system/{entry}");
            }
            catch (ShouldAssertException e)
            {
                broken.Add(e.Message);
            }
        }

        broken.ShouldBeEmpty();
    });

    private Task OnPagesAsync(Func<BrowserPage, Task> test) => browser.UseAsync(new Uri(system.Link.GetLeftPart(UriPartial.Authority)), async page =>
    {
        await page.OpenAsync(system.Link.PathAndQuery);
        await test(page);
    });

    [GeneratedRegex("send orders")]
    private static partial Regex SendOrders();

    [GeneratedRegex("send shipments")]
    private static partial Regex SendShipments();

    [GeneratedRegex("Restart")]
    private static partial Regex Restart();
}
