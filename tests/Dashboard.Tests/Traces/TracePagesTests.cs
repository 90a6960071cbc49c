using System.Net;
using FlowPlatform.Dashboard.Tests.Support;

namespace FlowPlatform.Dashboard.Tests.Traces;

/// <summary>The pages of traces as the server sends them.</summary>
public sealed class TracePagesTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_list_shows_the_newest_and_leads_to_older_ones()
    {
        await using var dashboard = await Scene.PlayAsync();
        using var http = await dashboard.LogInAsync();

        var page = await http.GetStringAsync("/traces", Cancel);
        page.ShouldContain($"href=\"traces/{Scene.Order(Scene.Orders)}\"");
        page.ShouldNotContain($"{Scene.Order(1)}");
        page.ShouldContain(">replay</span>");

        var older = WebUtility.HtmlDecode(page.Split(">Older</a>")[0].Split("href=\"")[^1].Split('"')[0]);
        page = await http.GetStringAsync(older, Cancel);
        page.ShouldContain($"href=\"traces/{Scene.Order(1)}\"");
        page.ShouldNotContain($"{Scene.Order(Scene.Orders)}");
        page.ShouldContain(">Newest</a>");
    }

    [Theory]
    [InlineData("errors=true", Scene.FailedOrder)]
    [InlineData("attribute=flow.sequence%3D7", 7)]
    [InlineData("name=COMMIT&attribute=db.namespace%3Dmain&max=70&min=1", null)]
    [InlineData("service=nobody", 0)]
    [InlineData("traffic=replayed", 2_000)]
    [InlineData("min=800", 2_000)]
    public async Task A_filter_in_the_address_leaves_only_what_matches(string filter, int? only)
    {
        await using var dashboard = await Scene.PlayAsync();
        using var http = await dashboard.LogInAsync();

        var page = await http.GetStringAsync($"/traces?{filter}", Cancel);

        var shown = page.Split("href=\"traces/").Length - 1;
        shown.ShouldBe(only switch { null => 50, 0 => 0, _ => 1 });
        if (only > 0)
        {
            page.ShouldContain($"href=\"traces/{Otlp.TraceNumber(only.Value)}");
        }
        else if (only == 0)
        {
            page.ShouldContain("No trace matches");
        }
    }

    [Fact]
    public async Task A_wrong_filter_and_a_run_that_is_gone_are_told()
    {
        await using var dashboard = await Scene.PlayAsync();
        using var http = await dashboard.LogInAsync();

        (await http.GetStringAsync("/traces?attribute=nonsense&min=often", Cancel)).ShouldContain("by its name and its value");
        (await http.GetStringAsync("/traces?run=none", Cancel)).ShouldContain("This run is not kept any more");
    }

    [Fact]
    public async Task An_earlier_run_can_be_chosen()
    {
        using var directory = new TemporaryDirectory();
        string run;
        await using (var first = await TestDashboard.StartAsync(directory.Path))
        {
            await first.KeepAsync(Otlp.Spans("orders", Otlp.Span(Otlp.TraceNumber(77), 1, name: "of the first run")));
            run = first.Run.Name;
        }

        await using var second = await TestDashboard.StartAsync(directory.Path);
        using var http = await second.LogInAsync();

        var page = await http.GetStringAsync("/traces", Cancel);
        page.ShouldContain("No traces yet");
        page.ShouldContain($"<option value=\"{run}\">");
        (await http.GetStringAsync($"/traces?run={run}", Cancel)).ShouldContain($"href=\"traces/{Otlp.TraceNumber(77)}?run={run}\"");
        (await http.GetStringAsync($"/traces/{Otlp.TraceNumber(77)}?run={run}", Cancel)).ShouldContain("of the first run");
    }

    [Fact]
    public async Task A_waterfall_has_the_spans_with_what_happened_in_them()
    {
        await using var dashboard = await Scene.PlayAsync();
        using var http = await dashboard.LogInAsync();

        var page = await http.GetStringAsync($"/traces/{Scene.Order(Scene.FailedOrder)}?span=0000000000000006", Cancel);

        page.ShouldContain("2 errors");
        page.Split("class=\"waterfall-row ").Length.ShouldBe(11, "seven spans, two logs, the axis");
        page.ShouldContain("The card gateway did not answer; it is tried again in 2 s");
        page.ShouldContain("at Payments.Gateway.ChargeAsync()");
        page.ShouldContain("aria-current=\"true\"");
        page.ShouldContain("depth-4");
    }

    [Fact]
    public async Task Links_lead_from_a_batch_to_what_it_took_and_back()
    {
        await using var dashboard = await Scene.PlayAsync();
        using var http = await dashboard.LogInAsync();

        var batch = await http.GetStringAsync($"/traces/{Scene.Batch(1)}?span=0000000000000001", Cancel);
        batch.ShouldContain("Links to 10");
        batch.ShouldContain($"href=\"traces/{Scene.Order(3)}?span=0000000000000004\"");

        var order = await http.GetStringAsync($"/traces/{Scene.Order(1)}?span=0000000000000004", Cancel);
        order.ShouldContain("Linked from 2");
        order.ShouldContain($"href=\"traces/{Scene.Batch(1)}?span=0000000000000001\"");
        order.ShouldContain($"href=\"traces/{Scene.Replay}?span=0000000000000001\"");
    }

    [Theory]
    [InlineData("00000000000000000000000000000001")]
    [InlineData("nonsense")]
    public async Task A_trace_that_is_not_there_is_told(string id)
    {
        await using var dashboard = await TestDashboard.StartAsync();
        using var http = await dashboard.LogInAsync();

        (await http.GetStringAsync($"/traces/{id}", Cancel)).ShouldContain("This trace is not here");
    }

    [Fact]
    public async Task The_map_has_rates_latencies_and_errors()
    {
        await using var dashboard = await Scene.PlayAsync();
        using var http = await dashboard.LogInAsync();

        var page = WebUtility.HtmlDecode(await http.GetStringAsync("/map?minutes=15", Cancel));
        page.ShouldContain("simulator → orders (call)");
        page.ShouldContain("orders → payments (stream orders)");
        page.ShouldContain("1.7 % failed");
        page.ShouldContain("orders → insights (stream orders, replay)");
        page.ShouldNotContain("sqlite main");
        page.ShouldContain("cards.example");

        page = await http.GetStringAsync("/map?minutes=15&databases=true&replays=false", Cancel);
        page.ShouldContain("sqlite main");
        page.ShouldNotContain("stream orders, replay");
    }
}
