using FlowPlatform.Dashboard.Tests.Support;
using Microsoft.Playwright;

namespace FlowPlatform.Dashboard.Tests.Browser;

/// <summary>The pages of telemetry, as they are used.</summary>
public sealed class TelemetryPagesTests(TestBrowser browser)
{
    [Fact]
    public async Task A_failed_trace_is_found_and_read()
    {
        await using var dashboard = await Scene.PlayAsync();
        await browser.UseAsync(dashboard, async page =>
        {
            await page.OpenAsync("/traces");
            await page.LookAsync("pages/traces");
            await page.Page.GetByLabel("Errors only").CheckAsync();
            await page.IsAtAsync(static address => address == "/traces?errors=true", "the filter stands in the address");
            var only = page.Page.Locator("tbody [data-row]");
            await page.UntilAsync("one is left", () => only.CountAsync(), static count => count == 1);
            await only.ClickAsync();
            await page.SeesAsync("the trace is open", page.Page.GetByRole(AriaRole.Heading, new() { Level = 1, Name = "simulator POST /orders" }));

            await page.Page.Locator("#span-0000000000000006").ClickAsync();
            await page.SeesAsync("its details are shown", page.Page.GetByRole(AriaRole.Complementary).GetByText("at Payments.Gateway.ChargeAsync()"));
            await page.LookAsync("pages/trace");
            await page.Page.Keyboard.PressAsync("ArrowDown");
            await page.SeesAsync("the next span is shown", page.Page.GetByRole(AriaRole.Complementary).GetByRole(AriaRole.Heading, new() { Name = "POST /charges" }));
            await page.Page.Keyboard.PressAsync("ArrowUp");
            await page.SeesAsync("the one before is shown again", page.Page.GetByRole(AriaRole.Complementary).GetByRole(AriaRole.Heading, new() { Name = "process orders" }));

            await page.Page.GoBackAsync();
            await page.IsAtAsync(static address => address == "/traces?errors=true", "back leads to the list as it was");
            await page.UntilAsync("one is left", () => only.CountAsync(), static count => count == 1);
        });
    }

    [Fact]
    public async Task Links_lead_from_a_batch_to_an_order_and_on()
    {
        await using var dashboard = await Scene.PlayAsync();
        await browser.UseAsync(dashboard, async page =>
        {
            await page.OpenAsync($"/traces/{Scene.Batch(1)}?span=0000000000000001");
            await page.LookAsync("pages/trace-batch");
            await page.Page.GetByRole(AriaRole.Complementary).Locator($"a[href*='{Scene.Order(3)}']").ClickAsync();
            await page.IsAtAsync(static address => address == $"/traces/{Scene.Order(3)}?span=0000000000000004", "the order's trace is open at its event");
            await page.Page.GetByRole(AriaRole.Complementary).Locator($"a[href*='{Scene.Batch(1)}']").ClickAsync();
            await page.SeesAsync("the batch is open again", page.Page.GetByRole(AriaRole.Heading, new() { Level = 1, Name = "insights process orders" }));
        });
    }

    [Fact]
    public async Task The_map_shows_one_service_with_its_neighbours()
    {
        await using var dashboard = await Scene.PlayAsync();
        await browser.UseAsync(dashboard, async page =>
        {
            await page.OpenAsync("/map");
            await page.LookAsync("pages/map");
            await page.Page.Locator(".map a[href*='focus=payments']").ClickAsync();
            await page.IsAtAsync(static address => address == "/map?focus=payments", "the focus stands in the address");
            await page.UntilAsync("only its lines are listed", () => page.Page.Locator("tbody tr").CountAsync(), static count => count == 3);
            await page.Page.GetByRole(AriaRole.Button, new() { Name = "Show all" }).ClickAsync();
            await page.UntilAsync("all are listed", () => page.Page.Locator("tbody tr").CountAsync(), static count => count > 3);
        });
    }

    [Fact]
    public async Task Log_records_are_shown_as_they_come_until_it_is_paused()
    {
        await using var dashboard = await Scene.PlayAsync();
        await browser.UseAsync(dashboard, async page =>
        {
            await page.OpenAsync("/logs");
            await page.LookAsync("pages/logs");
            await page.Page.GetByRole(AriaRole.Button, new() { Name = "Follow" }).ClickAsync();
            await page.SeesAsync("it follows", page.Page.GetByText("Following:"));
            await dashboard.KeepAsync(Otlp.Logs("shipping", Otlp.Log("A parcel is on its way", time: TimeProvider.System.GetUtcNow(), trace: Scene.Order(9), attributes: ("parcel", 12))));
            await page.SeesAsync("the new record is shown", page.Page.GetByRole(AriaRole.Button, new() { Name = "A parcel is on its way" }));

            await page.Page.GetByRole(AriaRole.Button, new() { Name = "A parcel is on its way" }).ClickAsync();
            await page.SeesAsync("its details are shown", page.Page.GetByRole(AriaRole.Complementary).GetByText("parcel", new() { Exact = true }));
            await page.LookAsync("pages/log-record");
            await page.Page.GetByRole(AriaRole.Button, new() { Name = "Pause" }).ClickAsync();
            await page.IsAtAsync(static address => address == "/logs", "it does not follow any more");
        });
    }

    [Fact]
    public async Task A_histogram_leads_to_the_trace_of_a_slow_request()
    {
        await using var dashboard = await Scene.PlayAsync();
        await browser.UseAsync(dashboard, async page =>
        {
            await page.OpenAsync("/metrics");
            await page.LookAsync("pages/metrics-gauge");
            await page.Page.GetByLabel("Instrument").SelectOptionAsync("http.server.request.duration");
            await page.SeesAsync("percentiles are drawn", page.Page.GetByRole(AriaRole.Heading, new() { Name = "Percentiles" }));
            await page.LookAsync("pages/metrics-histogram");
            await page.Page.Locator("table a[data-row]").First.ClickAsync();
            await page.SeesAsync("its trace is open", page.Page.GetByRole(AriaRole.Heading, new() { Level = 1, Name = "simulator POST /orders" }));
        });
    }
}
