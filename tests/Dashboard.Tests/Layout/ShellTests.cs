using System.Net;
using FlowPlatform.Dashboard.Layout;
using FlowPlatform.Dashboard.Tests.Support;

namespace FlowPlatform.Dashboard.Tests.Layout;

/// <summary>What all pages have.</summary>
public sealed class ShellTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Every_page_of_the_navigation_is_there()
    {
        await using var dashboard = await TestDashboard.StartAsync();
        using var http = await dashboard.LogInAsync();

        var entries = Navigation.Groups.SelectMany(static group => group.Entries).ToList();
        foreach (var entry in entries)
        {
            var page = await http.GetStringAsync($"/{entry.Href}", Cancel);
            page.ShouldContain($"{entry.Title}</h1>");
            page.ShouldContain($"""<a href="{entry.Href}" class="active" aria-current="page">""");
        }

        Navigation.First.ShouldBe(entries[0].Href);
    }

    [Fact]
    public async Task Files_for_browsers_come_from_the_dashboard_itself()
    {
        await using var dashboard = await TestDashboard.StartAsync();
        using var http = await dashboard.LogInAsync();
        var page = await http.GetStringAsync($"/{Navigation.First}", Cancel);

        foreach (System.Text.RegularExpressions.Match link in System.Text.RegularExpressions.Regex.Matches(page, "(?:src|<link[^>]* href)=\"(?<path>[^\"]+)\""))
        {
            using var file = await http.GetAsync($"/{link.Groups["path"].Value}", Cancel);
            file.StatusCode.ShouldBe(HttpStatusCode.OK, link.Value);
        }

        page.ShouldContain("_framework/blazor.web");
        page.ShouldContain("css/page");
    }

    [Fact]
    public async Task An_unknown_page_is_said_to_be_none()
    {
        await using var dashboard = await TestDashboard.StartAsync();
        using var http = await dashboard.LogInAsync();

        using var answer = await http.GetAsync("/no/such/page", Cancel);

        answer.StatusCode.ShouldBe(HttpStatusCode.NotFound);
        (await answer.Content.ReadAsStringAsync(Cancel)).ShouldContain("There is no such page</h1>");
    }

    [Theory]
    [InlineData("theme=dark", " data-theme=\"dark\"")]
    [InlineData("theme=light", " data-theme=\"light\"")]
    [InlineData("theme=%22%3E", "")]
    [InlineData("other=1", "")]
    public async Task The_chosen_colours_come_with_the_page(string cookie, string attribute)
    {
        await using var dashboard = await TestDashboard.StartAsync();
        using var http = dashboard.Pages();
        http.DefaultRequestHeaders.Add("Cookie", cookie);

        (await http.GetStringAsync("/login", Cancel)).ShouldContain($"<html lang=\"en\"{attribute}>");
    }

    [Fact]
    public async Task Dropped_telemetry_is_told_on_every_page()
    {
        await using var dashboard = await TestDashboard.StartAsync();
        using var http = await dashboard.LogInAsync();
        (await (await http.GetAsync("/no-such-page", Cancel)).Content.ReadAsStringAsync(Cancel)).ShouldNotContain("dropped");
        var nameless = Otlp.Span(Otlp.TraceNumber(2), 2);
        nameless.SpanId = Google.Protobuf.ByteString.Empty;

        using var answer = await dashboard.PostAsync("traces", Otlp.Spans("any", nameless));

        await Eventually.ThatAsync("the page tells it", async () =>
        {
            using var page = await http.GetAsync("/no-such-page", Cancel);
            var text = await page.Content.ReadAsStringAsync(Cancel);
            return text.Contains("1 dropped", StringComparison.Ordinal) && text.Contains("Traces: 1 had no valid id or value", StringComparison.Ordinal);
        });
    }
}
