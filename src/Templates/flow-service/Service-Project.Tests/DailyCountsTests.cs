using System.Globalization;
using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using FlowPlatform.Testing;

namespace ServiceNamespace.Tests;

public sealed class DailyCountsTests
{
    private static readonly DateTimeOffset Noon = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);

    [Fact]
    public async Task Events_are_counted_by_the_day_they_happened_on()
    {
        await using var flow = await FlowTest.StartAsync(App.Build);

        await flow.GivenAsync(new EventType("1"), at: Noon);
        await flow.GivenAsync(new EventType("2"), at: Noon.AddHours(11));
        await flow.GivenAsync(new EventType("3"), at: Noon.AddHours(12));
        await flow.SettledAsync();

        (await CountsAsync(flow, "/daily-counts")).ShouldBe([("2026-03-01", 2), ("2026-03-02", 1)]);
        (await CountsAsync(flow, "/daily-counts?from=2026-03-02")).ShouldBe([("2026-03-02", 1)]);
    }

    [Fact]
    public async Task Nothing_is_lost_or_counted_twice()
    {
        await using var flow = await FlowTest.StartAsync(App.Build);
        await flow.GivenAsync(new EventType("1"), at: Noon);
        await flow.SettledAsync();

        await flow.DeliverAgainAsync();
        await flow.RestartAsync();
        flow.LogAway = true;
        await flow.GivenAsync(new EventType("2"), at: Noon);
        flow.LogAway = false;
        await flow.SettledAsync();

        (await CountsAsync(flow, "/daily-counts")).ShouldBe([("2026-03-01", 2)]);
    }

    /// <summary>Crashes, duplicates, poison, other orders, a rebuild: whatever happens, the rows are the same.</summary>
    [Fact]
    public async Task It_conforms()
    {
        var history = new EventHistory();
        for (var number = 0; number < 40; number++)
        {
            history.Add(new EventType(number.ToString(CultureInfo.InvariantCulture)), Noon.AddHours(number));
        }

        await Conformance.OfAsync<DailyCounts>(App.Build, history);
    }

    [Theory]
    [InlineData("/daily-counts?from=yesterday")]
    [InlineData("/daily-counts?from=2026-03-02&to=2026-03-01")]
    public async Task Bounds_that_make_no_sense_are_refused(string request)
    {
        await using var flow = await FlowTest.StartAsync(App.Build);

        using var answer = await flow.Client.GetAsync(new Uri(request, UriKind.Relative), TestContext.Current.CancellationToken);

        answer.StatusCode.ShouldBe(HttpStatusCode.BadRequest);
    }

    private static async Task<List<(string Day, long Events)>> CountsAsync(FlowTest flow, string request)
    {
        var rows = await flow.Client.GetFromJsonAsync<List<JsonElement>>(request, TestContext.Current.CancellationToken);
        return [.. rows!.Select(static row => (row.GetProperty("day").GetString()!, row.GetProperty("events").GetInt64()))];
    }
}
