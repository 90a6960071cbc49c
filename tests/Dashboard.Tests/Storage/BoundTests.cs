using FlowPlatform.Dashboard.Logs;
using FlowPlatform.Dashboard.Metrics;
using FlowPlatform.Dashboard.Storage;
using FlowPlatform.Dashboard.Tests.Support;
using FlowPlatform.Dashboard.Traces;
using Google.Protobuf;
using OpenTelemetry.Proto.Metrics.V1;

namespace FlowPlatform.Dashboard.Tests.Storage;

/// <summary>Tests that measure the process's memory run alone.</summary>
[CollectionDefinition(nameof(Measuring), DisableParallelization = true)]
public sealed class Measuring;

/// <summary>What is kept is bounded, whatever comes.</summary>
[Collection(nameof(Measuring))]
public sealed class BoundTests
{
    private static readonly DateTimeOffset Start = DateTimeOffset.UnixEpoch.AddYears(50);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_flood_of_100_MB_is_bounded_on_disk_and_in_memory_and_every_span_is_accounted_for()
    {
        const long Flood = 100_000_000;
        const int Senders = 4;
        const int SpansPerRequest = 500;
        const long MaxBytes = 16 << 20;
        const long MaxWaiting = 4 << 20;
        await using var dashboard = await TestDashboard.StartAsync(settings: [("Dashboard:TelemetryLimits:MaxTraceBytes", $"{MaxBytes}"), ("Dashboard:TelemetryLimits:MaxWaitingBytes", $"{MaxWaiting}")]);
        var before = GC.GetTotalMemory(forceFullCollection: true);
        var (sent, accepted, refused, mostWaiting, mostOnDisk) = (0L, 0L, 0L, 0L, 0L);
        await Task.WhenAll(Enumerable.Range(0, Senders).Select(async sender =>
        {
            for (var number = 0L; Interlocked.Read(ref sent) < Flood; number++)
            {
                var trace = Otlp.TraceNumber((sender * 1_000_000_000L) + number + 1);
                var body = Otlp.Spans($"service-{sender}", [.. Enumerable.Range(1, SpansPerRequest).Select(id => Otlp.Span(trace, id, id == 1 ? null : 1, attributes: [("payload", $"{id}{Padding}")]))]).ToByteArray();
                Interlocked.Add(ref sent, body.Length);
                using var answer = await dashboard.PostAsync("traces", body);
                _ = answer.IsSuccessStatusCode ? Interlocked.Add(ref accepted, SpansPerRequest) : Interlocked.Add(ref refused, SpansPerRequest);
                lock (dashboard)
                {
                    mostWaiting = Math.Max(mostWaiting, dashboard.State(Signal.Traces).WaitingBytes);
                    mostOnDisk = Math.Max(mostOnDisk, dashboard.Run.Bytes);
                }
            }
        }));

        await Eventually.ThatAsync("what was accepted is kept", () => dashboard.ItemsAsync(Signal.Traces, Outcome.Kept), kept => kept == accepted);
        accepted.ShouldBePositive();
        mostWaiting.ShouldBeLessThanOrEqualTo(MaxWaiting);
        // Beside the file its write-ahead log, which holds the largest transaction and what comes until it is moved.
        mostOnDisk.ShouldBeLessThan(MaxBytes + (64L << 20));
        (GC.GetTotalMemory(forceFullCollection: true) - before).ShouldBeLessThan(32L << 20);
        var counts = (await dashboard.IntakeAsync(Signal.Traces)).Counts;
        counts.GetValueOrDefault(Outcome.NotWritten).Items.ShouldBe(0);
        await Eventually.ThatAsync("every refusal is counted", () => dashboard.RequestsAsync(Signal.Traces, Outcome.QueueFull), requests => requests == refused / SpansPerRequest);

        // The newest are there, the first are gone.
        var page = await dashboard.Get<TraceList>().FindAsync(dashboard.Run, new TraceFilter(), null, TraceList.MaxPage, Cancel);
        page.Traces.ShouldNotBeEmpty();
        page.Traces.ShouldAllBe(trace => trace.Spans == SpansPerRequest);
        (await dashboard.Get<TraceDetails>().ReadAsync(dashboard.Run, Otlp.TraceNumber(1), Cancel)).ShouldBeNull();
    }

    [Fact]
    public async Task Traces_beyond_the_size_go_whole_and_the_oldest_first()
    {
        const int Traces = 3_000;
        await using var dashboard = await TestDashboard.StartAsync(settings: ("Dashboard:TelemetryLimits:MaxTraceBytes", "1000000"));
        for (var number = 1; number <= Traces; number += 500)
        {
            await dashboard.KeepAsync(Otlp.Spans("any", [.. Enumerable.Range(number, 500).SelectMany(static trace => new[] { Otlp.Span(Otlp.TraceNumber(trace), 1, attributes: ("payload", Padding)), Otlp.Span(Otlp.TraceNumber(trace), 2, parent: 1) })]));
        }

        await Eventually.ThatAsync("the first is gone", async () => await dashboard.Get<TraceDetails>().ReadAsync(dashboard.Run, Otlp.TraceNumber(1), Cancel) is null);
        (await dashboard.Get<TraceDetails>().ReadAsync(dashboard.Run, Otlp.TraceNumber(Traces), Cancel))!.Spans.Count.ShouldBe(2);
        (await dashboard.Get<TraceList>().FindAsync(dashboard.Run, new TraceFilter(), null, TraceList.MaxPage, Cancel)).Traces.ShouldAllBe(trace => trace.Spans == 2);
    }

    [Fact]
    public async Task What_is_too_old_goes()
    {
        var clock = new VirtualClock(Start);
        await using var dashboard = await TestDashboard.StartAsync(clock: clock, settings: ("Dashboard:TelemetryLimits:MaxAge", "01:00:00"));
        await SendAsync("old", 1);
        clock.Advance(TimeSpan.FromMinutes(59));
        await SendAsync("young", 2);
        clock.Advance(TimeSpan.FromMinutes(2));

        await Eventually.ThatAsync("the old trace is gone", async () => await TraceAsync(1) is null);
        (await TraceAsync(2)).ShouldNotBeNull();
        await Eventually.ThatAsync("the old log is gone", () => dashboard.Get<LogList>().FindAsync(dashboard.Run, new LogFilter(), null, 10, Cancel), page => page.Entries.Count == 1 && page.Entries[0].Body == "young");
        await Eventually.ThatAsync("the old metric is gone", () => dashboard.Get<MetricReader>().InstrumentsAsync(dashboard.Run, Cancel), list => list.Count == 1 && list[0].Instrument.Name == "young");

        Task<TraceDetail?> TraceAsync(int number) => dashboard.Get<TraceDetails>().ReadAsync(dashboard.Run, Otlp.TraceNumber(number), Cancel);

        async Task SendAsync(string name, int number)
        {
            (await dashboard.PostAsync("traces", Otlp.Spans("any", Otlp.Span(Otlp.TraceNumber(number), 1, start: clock.GetUtcNow())))).EnsureSuccessStatusCode();
            (await dashboard.PostAsync("logs", Otlp.Logs("any", Otlp.Log(name, time: clock.GetUtcNow())))).EnsureSuccessStatusCode();
            var time = (ulong)UnixNanos.From(clock.GetUtcNow());
            (await dashboard.PostAsync("metrics", Otlp.Metrics("any", new Metric { Name = name, Gauge = new Gauge { DataPoints = { new NumberDataPoint { AsInt = 1, TimeUnixNano = time } } } }))).EnsureSuccessStatusCode();
            await Eventually.ThatAsync($"the {name} ones are there", async () =>
                await TraceAsync(number) is not null
                && (await dashboard.Get<LogList>().FindAsync(dashboard.Run, new LogFilter { Text = name }, null, 1, Cancel)).Entries.Count == 1
                && (await dashboard.Get<MetricReader>().InstrumentsAsync(dashboard.Run, Cancel)).Any(one => one.Instrument.Name == name));
        }
    }

    [Fact]
    public async Task A_trace_without_end_is_cut_and_one_that_is_sent_twice_counts_once()
    {
        await using var dashboard = await TestDashboard.StartAsync(settings: ("Dashboard:TelemetryLimits:MaxSpansPerTrace", "10"));
        var spans = Otlp.Spans("any", [.. Enumerable.Range(1, 8).Select(id => Otlp.Span(Otlp.TraceNumber(1), id))]);
        await dashboard.KeepAsync(spans);
        (await dashboard.PostAsync("traces", spans)).EnsureSuccessStatusCode();
        (await dashboard.PostAsync("traces", Otlp.Spans("any", [.. Enumerable.Range(9, 8).Select(id => Otlp.Span(Otlp.TraceNumber(1), id))]))).EnsureSuccessStatusCode();

        await Eventually.ThatAsync("what was cut is counted", () => dashboard.ItemsAsync(Signal.Traces, Outcome.TraceTooLarge), static cut => cut == 6);
        var trace = (await dashboard.Get<TraceDetails>().ReadAsync(dashboard.Run, Otlp.TraceNumber(1), Cancel))!;
        (trace.Spans.Count, trace.Summary.Spans).ShouldBe((10, 10));
    }

    [Fact]
    public async Task Series_beyond_the_maximum_are_dropped_and_counted_and_those_that_are_there_go_on()
    {
        await using var dashboard = await TestDashboard.StartAsync(settings: ("Dashboard:TelemetryLimits:MaxSeries", "3"));
        for (var round = 1; round <= 2; round++)
        {
            var time = (ulong)UnixNanos.From(Start.AddSeconds(round));
            var points = Enumerable.Range(1, 5).Select(number => new NumberDataPoint { AsInt = number, TimeUnixNano = time, Attributes = { Otlp.Attributes(("n", number)) } });
            (await dashboard.PostAsync("metrics", Otlp.Metrics("any", new Metric { Name = "many", Gauge = new Gauge { DataPoints = { points } } }))).EnsureSuccessStatusCode();
            (await dashboard.PostAsync("metrics", Otlp.Metrics($"new-{round}", new Metric { Name = $"new-{round}", Gauge = new Gauge { DataPoints = { new NumberDataPoint { AsInt = 1 } } } }))).EnsureSuccessStatusCode();
        }

        await Eventually.ThatAsync("what was dropped is counted", () => dashboard.ItemsAsync(Signal.Metrics, Outcome.TooManySeries), static dropped => dropped == 6);
        (await dashboard.ItemsAsync(Signal.Metrics, Outcome.Kept)).ShouldBe(6);
        (await dashboard.Get<MetricReader>().InstrumentsAsync(dashboard.Run, Cancel)).ShouldHaveSingleItem().Series.ShouldBe(3);
    }

    private static string Padding { get; } = new('x', 300);
}
