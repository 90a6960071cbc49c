using System.Diagnostics;
using System.Diagnostics.Metrics;
using FlowPlatform.Dashboard.Logs;
using FlowPlatform.Dashboard.Metrics;
using FlowPlatform.Dashboard.Tests.Support;
using FlowPlatform.Dashboard.Traces;
using Microsoft.Extensions.Logging;
using OpenTelemetry;
using OpenTelemetry.Exporter;
using OpenTelemetry.Logs;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;
using MetricPoint = FlowPlatform.Dashboard.Metrics.MetricPoint;
using MetricReader = FlowPlatform.Dashboard.Metrics.MetricReader;
using SpanKind = FlowPlatform.Dashboard.Traces.SpanKind;
using TraceFilter = FlowPlatform.Dashboard.Traces.TraceFilter;

namespace FlowPlatform.Dashboard.Tests.Receiving;

/// <summary>What official exporters send is understood.</summary>
public sealed class ExporterTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(OtlpExportProtocol.Grpc)]
    [InlineData(OtlpExportProtocol.HttpProtobuf)]
    public async Task What_the_dotnet_exporters_send_can_be_read(OtlpExportProtocol protocol)
    {
        await using var dashboard = await TestDashboard.StartAsync();
        var name = $"Dashboard.Tests.{protocol}";
        using var source = new ActivitySource(name);
        using var meter = new Meter(name);
        var histogram = meter.CreateHistogram<double>("test.duration", "s", "How long it takes");
        ActivityTraceId trace;
        using (var telemetry = OpenTelemetrySdk.Create(sdk => sdk
            .ConfigureResource(resource => resource.AddService("dotnet-shop", serviceInstanceId: "one"))
            .WithTracing(tracing => tracing.AddSource(name).AddOtlpExporter(options => Configure(options, "traces")))
            .WithMetrics(metrics => metrics.AddMeter(name).SetExemplarFilter(ExemplarFilterType.TraceBased).AddOtlpExporter(options => Configure(options, "metrics")))
            .WithLogging(logging => logging.AddOtlpExporter(options => Configure(options, "logs")))))
        {
            using (var activity = source.StartActivity("place order", ActivityKind.Server)!)
            {
                trace = activity.TraceId;
                activity.SetTag("order.lines", 3).AddException(new InvalidOperationException("no stock")).SetStatus(ActivityStatusCode.Error, "no stock");
                histogram.Record(0.3, new KeyValuePair<string, object?>("route", "/orders"));
                telemetry.GetLoggerFactory().CreateLogger("Shop").LogWarning(new InvalidOperationException("no stock"), "Order {Order} failed", 7);
                using var inner = source.StartActivity("reserve", ActivityKind.Internal);
            }
        }

        TraceId.TryParse(trace.ToHexString(), out var id).ShouldBeTrue();
        var details = dashboard.Get<TraceDetails>();
        var found = (await Eventually.ThatAsync("the trace and its log are there", () => details.ReadAsync(dashboard.Run, id, Cancel), detail => detail is { Spans.Count: 2, Logs.Count: 1 }))!;
        found.Summary.ShouldSatisfyAllConditions(
            summary => summary.Name.ShouldBe("place order"), summary => summary.Service.ShouldBe("dotnet-shop"), summary => summary.Errors.ShouldBe(1), summary => summary.HasRoot.ShouldBeTrue());
        var root = found.Spans[0];
        (root.Kind, root.Status, root.StatusMessage, root.Instance, root.Scope).ShouldBe((SpanKind.Server, SpanStatus.Error, "no stock", "one", name));
        root.Attributes.ShouldContain(new TelemetryAttribute("order.lines", "3"));
        root.Events.ShouldHaveSingleItem().Attributes.ShouldContain(new TelemetryAttribute("exception.message", "no stock"));
        (found.Spans[1].Name, found.Spans[1].Depth, found.Spans[1].ParentId).ShouldBe(("reserve", 1, (SpanId?)root.Id));
        var log = found.Logs[0];
        (log.Severity, log.SpanId, log.Scope).ShouldBe((LogSeverity.Warning, (SpanId?)root.Id, "Shop"));
        log.Attributes.ShouldContain(new TelemetryAttribute("exception.message", "no stock"));

        var metrics = dashboard.Get<MetricReader>();
        var instrument = (await Eventually.ThatAsync("the histogram is there", () => metrics.InstrumentsAsync(dashboard.Run, Cancel), list => list.Any(one => one.Instrument.Name == "test.duration")))
            .Single(one => one.Instrument.Name == "test.duration");
        (instrument.Instrument.Kind, instrument.Instrument.Unit, instrument.Description).ShouldBe((InstrumentKind.Histogram, "s", "How long it takes"));
        var query = new MetricQuery { Instrument = instrument.Id, From = root.Start.AddMinutes(-1), To = root.Start.AddMinutes(1) };
        var exemplar = (await metrics.ExemplarsAsync(dashboard.Run, query, Cancel)).ShouldHaveSingleItem();
        (exemplar.TraceId, exemplar.SpanId, exemplar.Value).ShouldBe((id, root.Id, 0.3));
        (await metrics.QueryAsync(dashboard.Run, query, Cancel)).Lines.ShouldHaveSingleItem().Labels.ShouldContain(new TelemetryAttribute("route", "/orders"));

        void Configure(OtlpExporterOptions options, string signal)
        {
            options.Protocol = protocol;
            options.Endpoint = new Uri(protocol == OtlpExportProtocol.Grpc ? dashboard.Addresses.OtlpGrpc : $"{dashboard.Addresses.OtlpHttp}/v1/{signal}");
            options.Headers = $"{TestDashboard.KeyHeader}={TestDashboard.Key}";
        }
    }

    [Fact]
    public async Task What_the_JavaScript_exporters_send_can_be_read()
    {
        // Half an hour after it was recorded: nothing is too old yet.
        await using var dashboard = await TestDashboard.StartAsync(clock: new VirtualClock(new DateTimeOffset(2026, 11, 29, 12, 0, 0, TimeSpan.Zero)));
        (await dashboard.PostAsync("traces", Recorded.Read("javascript-traces.bin"), "gzip")).EnsureSuccessStatusCode();
        (await dashboard.PostAsync("logs", Recorded.Read("javascript-logs.bin"))).EnsureSuccessStatusCode();
        (await dashboard.PostAsync("metrics", Recorded.Read("javascript-metrics.bin"))).EnsureSuccessStatusCode();

        var page = await Eventually.ThatAsync(
            "the trace is there", () => dashboard.Get<TraceList>().FindAsync(dashboard.Run, new TraceFilter { ErrorsOnly = true, Name = "SELECT" }, null, 10, Cancel), found => found.Traces.Count == 1);
        var trace = page.Traces[0];
        (trace.Name, trace.Service, trace.Spans, trace.HasRoot).ShouldBe(("GET /größe ✓", "js-shop", 2, true));
        var detail = (await Eventually.ThatAsync("its log is there", () => dashboard.Get<TraceDetails>().ReadAsync(dashboard.Run, trace.Id, Cancel), found => found!.Logs.Count == 1))!;
        detail.Spans[0].Attributes.ShouldBe([new("http.request.method", "GET"), new("tags", "[\"a\",\"b\"]"), new("http.response.status_code", "500"), new("ok", "false"), new("ratio", "0.5")]);
        detail.Spans[1].Events.Select(static one => one.Name).ShouldBe(["row", "exception"]);
        detail.Spans[1].Links.ShouldHaveSingleItem().SpanId.ShouldBe(detail.Spans[0].Id);
        detail.Spans[1].ResourceAttributes.ShouldContain(new TelemetryAttribute("host.cpus", "2"));
        detail.Logs[0].Body.ShouldBe("""{"order":7,"lines":[1,2]}""");

        var metrics = dashboard.Get<MetricReader>();
        var instruments = await Eventually.ThatAsync("all instruments are there", () => metrics.InstrumentsAsync(dashboard.Run, Cancel), list => list.Count == 5);
        instruments.Select(static one => (one.Instrument.Name, one.Instrument.Kind)).ShouldBe(
            [("shop.carts", InstrumentKind.Sum), ("shop.duration", InstrumentKind.Histogram), ("shop.exponential", InstrumentKind.ExponentialHistogram), ("shop.orders", InstrumentKind.Sum), ("shop.temperature", InstrumentKind.Gauge)]);
        // Squares of 1 to 100: the 50th is 2,500, the 99th 9,801. A bucket is 2.2 % wide at that scale, or wider.
        var point = await LastAsync(instruments[2].Id);
        point.Percentiles[0].ShouldBe(2_500, 250);
        point.Percentiles[2].ShouldBe(9_801, 980);
        // 100 values from 0.05 to 5, even: 3 up to 0.1, 18 up to 1, the rest up to 10.
        (await LastAsync(instruments[1].Id)).Value.ShouldBe(2.525, 0.001);
        (await LastAsync(instruments[0].Id)).Value.ShouldBe(-2);
        (await LastAsync(instruments[4].Id)).Value.ShouldBe(21.5);

        async Task<MetricPoint> LastAsync(long instrument)
        {
            var query = new MetricQuery { Instrument = instrument, From = trace.Start.AddMinutes(-1), To = trace.Start.AddMinutes(1), Percentiles = [0.5, 0.9, 0.99] };
            return (await metrics.QueryAsync(dashboard.Run, query, Cancel)).Lines.ShouldHaveSingleItem().Points[^1];
        }
    }
}
