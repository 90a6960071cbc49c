using FlowPlatform.Dashboard.Resources;
using FlowPlatform.Dashboard.Streams;
using FlowPlatform.Dashboard.Tests.Browser;
using FlowPlatform.Dashboard.Tests.Support;
using FlowPlatform.Hosting;
using Microsoft.Playwright;

namespace FlowPlatform.Dashboard.Tests.Resources;

public sealed class ResourcesInBrowserTests(TestBrowser browser)
{
    private static readonly string[] Services = ["orders", "inventory", "payments", "shipping"];
    private static readonly string[] Streams = ["orders", "inventory", "payments", "shipments"];

    [Fact]
    public async Task A_service_goes_red_and_is_started_again_from_the_page_once_that_is_confirmed()
    {
        await using var host = await FakeAppHost.StartAsync(System());
        await using var dashboard = await TestDashboard.StartAsync(settings: host.Settings);
        await browser.UseAsync(dashboard, async page =>
        {
            await page.OpenAsync("/resources");
            await page.SeesAsync("payments is green", page.Page.Locator("tr[data-resource=payments][data-state=good]"));
            host.Change("payments", static state => state with { State = "CrashLoop", StateStyle = "warning", Health = null, Reason = "crashed (SIGKILL); start 6 in 10 s", LastEnd = "crashed (SIGKILL) at 2026-01-02 03:04:05Z", Commands = Offered(start: true, stop: true), Restarts = 5 });
            await page.SeesAsync("payments is red", page.Page.Locator("tr[data-resource=payments][data-state=error]"));
            await page.LookAsync("pages/resources");

            await page.Page.GetByRole(AriaRole.Button, new() { Name = "Start payments", Exact = true }).ClickAsync();
            await page.UntilAsync("the start is asked for", () => Task.FromResult(host.Commands.ToArray()), static commands => commands is ["payments start"]);
            host.Change("payments", static state => state with { State = "Running", StateStyle = "success", Health = "Healthy", Reason = null });
            await page.SeesAsync("payments is green again", page.Page.Locator("tr[data-resource=payments][data-state=good]"));

            await page.Page.GetByRole(AriaRole.Button, new() { Name = "Stop orders", Exact = true }).ClickAsync();
            await page.SeesAsync("it is asked whether that is meant", page.Page.GetByRole(AriaRole.Dialog).GetByText("payments, shipping need it."));
            await page.LookAsync("pages/resources-confirm");
            await page.Page.GetByRole(AriaRole.Button, new() { Name = "Cancel", Exact = true }).ClickAsync();
            await page.Page.GetByRole(AriaRole.Button, new() { Name = "Restart orders" }).ClickAsync();
            await page.Page.GetByRole(AriaRole.Dialog).GetByRole(AriaRole.Button, new() { Name = "Restart", Exact = true }).ClickAsync();
            await page.UntilAsync("only what was confirmed is asked for", () => Task.FromResult(host.Commands.ToArray()), static commands => commands is ["payments start", "orders restart"]);

            await page.Page.GetByRole(AriaRole.Link, new() { Name = "inventory", Exact = true }).ClickAsync();
            await page.SeesAsync("its environment is shown", page.Page.GetByText("FLOW_ADMIN_KEY"));
            page.Address.ShouldBe("/resources?resource=inventory");
            await page.LookAsync("pages/resources-details");
        });
    }

    [Fact]
    public async Task The_graph_shows_who_publishes_what_and_who_reads_it_with_rates()
    {
        await using var host = await FakeAppHost.StartAsync(System());
        await using var dashboard = await TestDashboard.StartAsync(settings: host.Settings);
        var board = dashboard.Get<FlowBoard>();
        await browser.UseAsync(dashboard, async page =>
        {
            Flows(board, 1_000);
            await page.OpenAsync("/resources?view=graph");
            await page.SeesAsync("the stream is drawn", page.Page.Locator(".topology").GetByText("shipments").First);
            var events = 1_000;
            await page.UntilAsync("a rate is shown", async () =>
            {
                Flows(board, events += 3);
                return await page.Page.Locator(".edge-label").AllTextContentsAsync();
            }, static labels => labels.Any(static label => label.Trim().EndsWith("/s", StringComparison.Ordinal)));
            await page.LookAsync("pages/resources-graph");
        });
    }

    [Fact]
    public async Task A_console_is_followed_searched_and_coloured()
    {
        await using var host = await FakeAppHost.StartAsync(System());
        host.Lines = [.. Enumerable.Range(1, 120).Select(static number => number % 17 == 0
            ? $"\u001b[1;31mfail\u001b[0m: the card gateway has not answered order {number}" : $"\u001b[32minfo\u001b[39m: order {number} is charged, 12.50 GBP")];
        await using var dashboard = await TestDashboard.StartAsync(settings: host.Settings);
        await browser.UseAsync(dashboard, async page =>
        {
            await page.OpenAsync("/console?resource=payments");
            await page.SeesAsync("the last line is there", page.Page.GetByText("order 120 is charged"));
            await page.LookAsync("pages/console");
            await page.Page.GetByLabel("Text").FillAsync("gateway");
            await page.Page.Keyboard.PressAsync("Enter");
            await page.UntilAsync("only those lines are shown", () => page.Page.Locator(".console .line").CountAsync(), static count => count == 7);
            page.Address.ShouldContain("text=gateway");
            (await page.Page.Locator(".console .ansi-1").CountAsync()).ShouldBe(7);
            await page.Page.GetByLabel("Standard error only").CheckAsync();
            await page.IsAtAsync(static address => address.Contains("errors=true", StringComparison.Ordinal), "the filter is in the address");
        });
    }

    private static ResourceCommand[] Offered(bool start = false, bool stop = true) => [new("start", start), new("stop", stop), new("restart", stop)];

    private static ResourceState[] System()
    {
        var started = TimeProvider.System.GetUtcNow().AddMinutes(-73);
        return
        [
            new ResourceState { Name = "dashboard", Type = "Project", State = "Running", Health = "Healthy", StartedAt = started, IsDashboard = true, Commands = Offered(), Endpoints = [new("http", "http://127.0.0.1:20100")] },
            new ResourceState { Name = "rabbitmq", Type = "Container", State = "Running", Health = "Healthy", StartedAt = started, Commands = Offered(), Endpoints = [new("tcp", "amqp://127.0.0.1:21500")] },
            .. Services.Select((name, index) => new ResourceState
            {
                Name = name, Type = "Project", State = "Running", Health = "Healthy", ProcessId = 4_000 + index, StartedAt = started.AddSeconds(index), Commands = Offered(),
                Endpoints = [new("http", $"http://127.0.0.1:2110{index}")],
                HealthReports = [new($"{name}_http_/health_200_check", "Healthy", null)],
                Environment = [new("ConnectionStrings__rabbitmq", "amqp://flow:***@127.0.0.1:21500", true), new("FLOW_ADMIN_KEY", "***", true), new("FLOW_DATA", $"/data/{name}", false), new("OTEL_SERVICE_NAME", name, false)],
                Relationships = name is "payments" or "shipping" ? [new("WaitFor", "rabbitmq"), new("WaitFor", "orders")] : [new("WaitFor", "rabbitmq")],
            }),
        ];
    }

    /// <summary>Each service publishes to one stream; the next two read it.</summary>
    private static void Flows(FlowBoard board, long events)
    {
        var now = TimeProvider.System.GetUtcNow();
        for (var i = 0; i < Services.Length; i++)
        {
            var consumers = new[] { (Name: "keeper", Stream: Streams[(i + 3) % 4]), (Name: "keeper", Stream: Streams[(i + 2) % 4]), (Name: "read-model", Stream: Streams[i]) };
            board.Set(new ServiceReading(
                new ServiceAddress(Services[i], 0, new Uri($"http://127.0.0.1:2110{i}")), now,
                new FlowStatus(1, Services[i], [new PublishedPartitionStatus(Streams[i], 0, events * (i + 1), events * (i + 1))],
                    [.. consumers.Select((consumer, index) => new ConsumerPartitionStatus(consumer.Name, consumer.Stream, 0, events, events, i == 2 && index == 0 ? 4_210 : 0, 0, i == 3 && index == 2 ? "stopped" : "live", "", null))],
                    new OutboxStatus(0, 0, "live", null), 0),
                "Healthy", [], null));
        }
    }
}
