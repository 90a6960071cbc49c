using FlowPlatform.Dashboard.Charts;
using FlowPlatform.Dashboard.Metrics;
using FlowPlatform.Dashboard.Tests.Support;

namespace FlowPlatform.Dashboard.Tests.Metrics;

/// <summary>The page of metrics as the server sends it.</summary>
public sealed class MetricsPageTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_histogram_has_percentiles_and_exemplars_that_lead_to_their_traces()
    {
        await using var dashboard = await Scene.PlayAsync();
        using var http = await dashboard.LogInAsync();

        var page = await http.GetStringAsync("/metrics?instrument=meter%3Ahttp.server.request.duration&where=service.name%3Dorders", Cancel);

        page.ShouldContain("Percentiles</h2>");
        page.ShouldContain("Values per second</h2>");
        // Half of the values are in the first bucket, up to 10 ms; nine of ten below 50 ms.
        page.ShouldContain("p50: 10 ms");
        page.ShouldContain("p95: 75 ms");
        page.ShouldContain($"href=\"traces/{Scene.Order(Scene.Orders)}?span=0000000000000002\"");
        page.ShouldContain("class=\"chart-mark\"");
    }

    [Fact]
    public async Task A_gauge_has_a_line_for_each_service_and_a_count_its_rate()
    {
        await using var dashboard = await Scene.PlayAsync();
        using var http = await dashboard.LogInAsync();

        var gauge = await http.GetStringAsync("/metrics?instrument=meter%3Aflow.consumer.lag", Cancel);
        gauge.Split("class=\"chart-line").Length.ShouldBe(3);
        gauge.ShouldContain("payments: 400");
        gauge.ShouldContain("Value (event)</h2>");
        var count = await http.GetStringAsync("/metrics?instrument=meter%3Aorders.placed&split=none", Cancel);
        count.Split("class=\"chart-line").Length.ShouldBe(2);
        count.ShouldContain("orders.placed: 0.2/s");
    }

    [Fact]
    public async Task Nothing_measured_is_told()
    {
        await using var dashboard = await TestDashboard.StartAsync();
        using var http = await dashboard.LogInAsync();

        (await http.GetStringAsync("/metrics", Cancel)).ShouldContain("No metrics yet");
    }

    [Theory]
    [InlineData(0.0421, "s", false, "42.1 ms")]
    [InlineData(1_536, "By", false, "1.5 KiB")]
    [InlineData(1_250, "{event}", true, "1.25k/s")]
    [InlineData(42, "%", false, "42 %")]
    [InlineData(3, "Cel", false, "3 Cel")]
    [InlineData(double.NaN, "s", false, "–")]
    [InlineData(1e300, "s", false, "1E+288T s")]
    public void Values_have_their_units(double value, string unit, bool isRate, string text) => MetricUnit.Write(value, unit, isRate).ShouldBe(text);

    [Theory]
    [InlineData(0, 0, new double[] { 0, 1 })]
    [InlineData(0, 870, new double[] { 0, 250, 500, 750, 1_000 })]
    [InlineData(-3, 1, new double[] { -3, -2, -1, 0, 1 })]
    [InlineData(0, 0.0004, new[] { 0, 0.0001, 0.0002, 0.0003, 0.0004 })]
    public void The_axis_has_round_values(double least, double greatest, double[] marks) =>
        new ChartScale(DateTimeOffset.UnixEpoch, DateTimeOffset.UnixEpoch.AddMinutes(1), [least, greatest, double.NaN]).Marks.ShouldBe(marks, tolerance: 1e-12);

    [Fact]
    public void A_line_is_broken_where_nothing_was_measured()
    {
        var start = DateTimeOffset.UnixEpoch;
        var scale = new ChartScale(start, start.AddSeconds(100), [0, 10]);

        scale.Path([new(start, 0), new(start.AddSeconds(10), 10), new(start.AddSeconds(90), 5), new(start.AddSeconds(95), double.NaN), new(start.AddSeconds(100), 5)], TimeSpan.FromSeconds(20))
            .ShouldBe("M0 200h.1L100 0M900 100h.1M1000 100h.1");
    }
}
