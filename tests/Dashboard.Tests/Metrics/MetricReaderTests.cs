using FlowPlatform.Dashboard.Metrics;
using FlowPlatform.Dashboard.Storage;
using FlowPlatform.Dashboard.Tests.Support;
using OpenTelemetry.Proto.Metrics.V1;

namespace FlowPlatform.Dashboard.Tests.Metrics;

public sealed class MetricReaderTests
{
    private static readonly DateTimeOffset Start = DateTimeOffset.UnixEpoch.AddYears(50);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_count_is_shown_by_its_rate_also_over_a_restart()
    {
        await using var dashboard = await StartAsync();
        // 10 a second for 30 s; then it begins again, with 20 a second.
        for (var second = 10; second <= 60; second += 10)
        {
            var restarted = second > 30;
            await KeepAsync(dashboard, "count", Number(second, restarted ? (second - 30) * 20 : second * 10, since: restarted ? 30 : 0), AggregationTemporality.Cumulative);
        }

        var line = (await QueryAsync(dashboard, "count", 0, 60, steps: 6)).Lines.ShouldHaveSingleItem();
        line.Points.Select(static point => point.Value).ShouldBe([10d, 10, 10, 20, 20, 20], tolerance: 1e-9);
        line.Points[0].Time.ShouldBe(Start.AddSeconds(10));
        // What was before the time that is asked for is not new in it.
        (await QueryAsync(dashboard, "count", 10, 30, steps: 1)).Lines[0].Points.Select(static point => point.Value).ShouldBe([10d], tolerance: 1e-9);
        (await QueryAsync(dashboard, "count", 100, 160, steps: 6)).Lines.ShouldBeEmpty();
    }

    [Fact]
    public async Task Deltas_gauges_and_counts_that_fall_are_shown_as_what_they_are()
    {
        await using var dashboard = await StartAsync();
        for (var second = 10; second <= 40; second += 10)
        {
            await KeepAsync(dashboard, "delta", Number(second, 50, since: second - 10), AggregationTemporality.Delta);
            await KeepAsync(dashboard, "level", Number(second, 100 - second), AggregationTemporality.Cumulative, monotonic: false);
            (await dashboard.PostAsync("metrics", Otlp.Metrics("any", new Metric { Name = "gauge", Gauge = new Gauge { DataPoints = { Number(second, second / 10d) } } }))).EnsureSuccessStatusCode();
        }

        await Eventually.ThatAsync("the last is kept", () => dashboard.ItemsAsync(Signal.Metrics, Outcome.Kept), static kept => kept == 12);
        (await QueryAsync(dashboard, "delta", 0, 40, steps: 2)).Lines[0].Points.Select(static point => point.Value).ShouldBe([5d, 5], tolerance: 1e-9);
        (await QueryAsync(dashboard, "level", 0, 40, steps: 2)).Lines[0].Points.Select(static point => point.Value).ShouldBe([80d, 60]);
        (await QueryAsync(dashboard, "gauge", 0, 40, steps: 4)).Lines[0].Points.Select(static point => point.Value).ShouldBe([1d, 2, 3, 4]);
    }

    [Fact]
    public async Task Series_come_together_by_dimensions()
    {
        await using var dashboard = await StartAsync();
        foreach (var (service, route, value) in new[] { ("orders", "/a", 1), ("orders", "/b", 2), ("payments", "/a", 4) })
        {
            (await dashboard.PostAsync("metrics", Otlp.Metrics(service, new Metric { Name = "requests", Gauge = new Gauge { DataPoints = { Number(10, value, attributes: [("route", route), ("ok", true)]) } } }))).EnsureSuccessStatusCode();
        }

        await Eventually.ThatAsync("all are kept", () => dashboard.ItemsAsync(Signal.Metrics, Outcome.Kept), static kept => kept == 3);
        var instrument = (await dashboard.Get<MetricReader>().InstrumentsAsync(dashboard.Run, Cancel)).ShouldHaveSingleItem();
        (instrument.Series, string.Join(' ', instrument.Services)).ShouldBe((3, "orders payments"));
        var dimensions = await dashboard.Get<MetricReader>().DimensionsAsync(dashboard.Run, instrument.Id, Cancel);
        dimensions.ToDictionary(static one => one.Name, static one => string.Join(' ', one.Values)).ShouldBe(new Dictionary<string, string>
        {
            ["ok"] = "true", ["route"] = "/a /b", [MetricDimension.Instance] = "orders-1 payments-1", [MetricDimension.Service] = "orders payments",
        });

        (await ValuesAsync(null)).ShouldBe([4d, 2, 1]);
        (await ValuesAsync(["route"])).ShouldBe([5d, 2]);
        (await ValuesAsync([MetricDimension.Service])).ShouldBe([4d, 3]);
        (await ValuesAsync([])).ShouldBe([7d]);
        (await ValuesAsync([], Aggregation.Max)).ShouldBe([4d]);
        (await ValuesAsync([], Aggregation.Min)).ShouldBe([1d]);
        (await ValuesAsync([], Aggregation.Average)).ShouldBe([7 / 3d]);
        (await ValuesAsync([], where: ("route", "/a"))).ShouldBe([5d]);

        async Task<IEnumerable<double>> ValuesAsync(string[]? groupBy, Aggregation aggregation = Aggregation.Sum, (string Name, string Value)? where = null) =>
            (await dashboard.Get<MetricReader>().QueryAsync(
                dashboard.Run,
                new MetricQuery
                {
                    Instrument = instrument.Id, From = Start, To = Start.AddSeconds(10), Steps = 1, GroupBy = groupBy, Aggregation = aggregation,
                    Where = where is { } only ? new Dictionary<string, string> { [only.Name] = only.Value } : new Dictionary<string, string>(),
                },
                Cancel)).Lines.Select(static line => line.Points.ShouldHaveSingleItem().Value);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Percentiles_of_a_step_are_those_of_its_own_values(bool cumulative)
    {
        await using var dashboard = await StartAsync();
        // In the first 10 s 100 values up to 1, then 100 between 1 and 10.
        var temporality = cumulative ? AggregationTemporality.Cumulative : AggregationTemporality.Delta;
        foreach (var (name, point) in new[] { ("a", Point(10, 0, 100, 0)), ("a", cumulative ? Point(20, 0, 100, 100) : Point(20, 10, 0, 100)), ("b", Point(10, 0, 100, 0)) })
        {
            (await dashboard.PostAsync("metrics", Otlp.Metrics(name, new Metric { Name = "duration", Histogram = new Histogram { AggregationTemporality = temporality, DataPoints = { point } } }))).EnsureSuccessStatusCode();
        }

        await Eventually.ThatAsync("all are kept", () => dashboard.ItemsAsync(Signal.Metrics, Outcome.Kept), static kept => kept == 3);
        var lines = (await QueryAsync(dashboard, "duration", 0, 20, steps: 2, groupBy: [MetricDimension.Service])).Lines;
        var points = lines.Single(static line => line.Labels[0].Value == "a").Points;
        points[0].Percentiles[0].ShouldBe(0.5, 0.01);
        points[1].Percentiles[0].ShouldBe(5.5, 0.01);
        points[1].Percentiles[2].ShouldBe(9.91, 0.01);
        (points[0].PerSecond, points[1].PerSecond).ShouldBe((10, 10));
        (points[0].Value, points[1].Value).ShouldBe((0.5, 5));

        var both = (await QueryAsync(dashboard, "duration", 0, 20, steps: 2, groupBy: [])).Lines.ShouldHaveSingleItem();
        (both.Points[0].PerSecond, both.Points[1].PerSecond).ShouldBe((20, 10));

        static HistogramDataPoint Point(int second, int since, ulong low, ulong high) => new()
        {
            TimeUnixNano = Nanos(second), StartTimeUnixNano = Nanos(since), Count = low + high, Sum = (low * 0.5) + (high * 5), ExplicitBounds = { 1, 10 }, BucketCounts = { low, high, 0 },
        };
    }

    [Fact]
    public async Task Exponential_buckets_that_widen_meanwhile_stay_comparable()
    {
        await using var dashboard = await StartAsync();
        // Scale 1: bounds are powers of the root of 2. Then scale 0: powers of 2, two buckets in one.
        var first = new ExponentialHistogramDataPoint { TimeUnixNano = Nanos(10), StartTimeUnixNano = Nanos(0), Count = 40, Sum = 100, Scale = 1, Positive = new() { Offset = 0, BucketCounts = { 10, 10, 10, 10 } } };
        var second = new ExponentialHistogramDataPoint { TimeUnixNano = Nanos(20), StartTimeUnixNano = Nanos(0), Count = 140, Sum = 2_100, Scale = 0, Positive = new() { Offset = 0, BucketCounts = { 20, 20, 0, 0, 100 } } };
        foreach (var point in new[] { first, second })
        {
            (await dashboard.PostAsync("metrics", Otlp.Metrics("any", new Metric { Name = "size", ExponentialHistogram = new ExponentialHistogram { AggregationTemporality = AggregationTemporality.Cumulative, DataPoints = { point } } })))
                .EnsureSuccessStatusCode();
        }

        await Eventually.ThatAsync("both are kept", () => dashboard.ItemsAsync(Signal.Metrics, Outcome.Kept), static kept => kept == 2);
        var points = (await QueryAsync(dashboard, "size", 0, 20, steps: 2)).Lines.ShouldHaveSingleItem().Points;
        (points[0].PerSecond, points[1].PerSecond).ShouldBe((4, 10));
        points[0].Percentiles[0].ShouldBe(2, 0.01);
        points[1].Percentiles[0].ShouldBe(24, 0.01, "All new values are between 16 and 32.");
        points[1].Value.ShouldBe(20);
    }

    [Fact]
    public async Task Points_that_make_no_sense_are_rejected_alone()
    {
        await using var dashboard = await StartAsync();
        HistogramDataPoint[] points =
        [
            new() { TimeUnixNano = Nanos(1), Count = 3, ExplicitBounds = { 1, 2 }, BucketCounts = { 1, 1, 1 } },
            new() { TimeUnixNano = Nanos(2), Count = 3, ExplicitBounds = { 2, 1 }, BucketCounts = { 1, 1, 1 } },
            new() { TimeUnixNano = Nanos(3), Count = 3, ExplicitBounds = { 1 }, BucketCounts = { 1, 1, 1 } },
            new() { TimeUnixNano = Nanos(4), Count = 3, Sum = double.NaN, ExplicitBounds = { 1, 2 }, BucketCounts = { 1, 1, 1 } },
        ];

        using var answer = await dashboard.PostAsync("metrics", Otlp.Metrics("any", new Metric { Name = "odd", Histogram = new Histogram { AggregationTemporality = AggregationTemporality.Cumulative, DataPoints = { points } } }));
        OpenTelemetry.Proto.Collector.Metrics.V1.ExportMetricsServiceResponse.Parser.ParseFrom(await answer.Content.ReadAsByteArrayAsync(Cancel)).PartialSuccess.RejectedDataPoints.ShouldBe(3);
        await Eventually.ThatAsync("one is kept", () => dashboard.ItemsAsync(Signal.Metrics, Outcome.Kept), static kept => kept == 1);
    }

    /// <summary>Points are as old as they say; ten minutes after these they are not too old.</summary>
    private static Task<TestDashboard> StartAsync() => TestDashboard.StartAsync(clock: new VirtualClock(Start.AddMinutes(10)));

    private static async Task KeepAsync(TestDashboard dashboard, string name, NumberDataPoint point, AggregationTemporality temporality, bool monotonic = true) =>
        await dashboard.KeepAsync(Otlp.Metrics("any", new Metric { Name = name, Sum = new Sum { AggregationTemporality = temporality, IsMonotonic = monotonic, DataPoints = { point } } }));

    private static NumberDataPoint Number(int second, double value, int since = 0, params (string Name, object Value)[] attributes) =>
        new() { TimeUnixNano = Nanos(second), StartTimeUnixNano = Nanos(since), AsDouble = value, Attributes = { Otlp.Attributes(attributes) } };

    private static ulong Nanos(int second) => (ulong)UnixNanos.From(Start.AddSeconds(second));

    private static async Task<MetricAnswer> QueryAsync(TestDashboard dashboard, string name, int from, int to, int steps, string[]? groupBy = null)
    {
        var instrument = (await dashboard.Get<MetricReader>().InstrumentsAsync(dashboard.Run, Cancel)).Single(one => one.Instrument.Name == name).Id;
        return await dashboard.Get<MetricReader>().QueryAsync(
            dashboard.Run, new MetricQuery { Instrument = instrument, From = Start.AddSeconds(from), To = Start.AddSeconds(to), Steps = steps, GroupBy = groupBy, Percentiles = [0.5, 0.9, 0.99] }, Cancel);
    }
}
