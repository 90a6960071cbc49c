using FlowPlatform.Dashboard.Storage;
using FlowPlatform.Dashboard.Traces;
using OpenTelemetry.Proto.Logs.V1;
using OpenTelemetry.Proto.Metrics.V1;
using OpenTelemetry.Proto.Trace.V1;
using SpanKind = FlowPlatform.Dashboard.Traces.SpanKind;

namespace FlowPlatform.Dashboard.Tests.Support;

/// <summary>
/// Telemetry as a shop sends it in the ten minutes before now: orders placed every 10 s, of which the fourth is not paid because the card gateway fails; a batch that links to what it took; a replay; logs and metrics.
/// </summary>
internal sealed class Scene(DateTimeOffset end)
{
    public const int Orders = 60;
    public const int FailedOrder = 4;
    private const int Interval = 10;
    private const int BatchSize = 10;

    private readonly Dictionary<string, List<Span>> spans = [];
    private readonly Dictionary<string, List<LogRecord>> logs = [];

    /// <summary>The trace of an order, 1 to <see cref="Orders"/>; the last is the newest.</summary>
    public static TraceId Order(int number) => Otlp.TraceNumber(number);

    /// <summary>The trace of a batch of ten orders' events, 1 to 6.</summary>
    public static TraceId Batch(int number) => Otlp.TraceNumber(1_000 + number);

    public static TraceId Replay => Otlp.TraceNumber(2_000);

    public static async Task<TestDashboard> PlayAsync(params (string Name, string Value)[] settings)
    {
        var dashboard = await TestDashboard.StartAsync(settings: settings);
        await new Scene(TimeProvider.System.GetUtcNow()).SendAsync(dashboard);
        return dashboard;
    }

    private DateTimeOffset At(int order) => end.AddSeconds((order - Orders - 1) * Interval);

    private async Task SendAsync(TestDashboard dashboard)
    {
        for (var order = 1; order <= Orders; order++)
        {
            Place(order);
        }

        for (var batch = 1; batch <= Orders / BatchSize; batch++)
        {
            var taken = Otlp.Span(Batch(batch), 1, name: "process orders", kind: SpanKind.Consumer, start: At(batch * BatchSize).AddMilliseconds(30), milliseconds: 14, attributes: [("messaging.destination.name", "orders"), ("messaging.batch.message_count", BatchSize)]);
            foreach (var order in Enumerable.Range(((batch - 1) * BatchSize) + 1, BatchSize))
            {
                taken.LinkTo(Order(order), 4);
            }

            Add("insights", taken);
            Add("insights", Otlp.Span(Batch(batch), 2, parent: 1, name: "commit revenue", kind: SpanKind.Client, start: At(batch * BatchSize).AddMilliseconds(33), milliseconds: 9, attributes: [("db.system.name", "sqlite"), ("db.namespace", "revenue")]));
        }

        Add("insights", Otlp.Span(Replay, 1, name: "replay orders", kind: SpanKind.Consumer, start: At(Orders - 10), milliseconds: 900, attributes: [("messaging.destination.name", "orders"), ("flow.replay", true)]).LinkTo(Order(1), 4).LinkTo(Order(2), 4));
        foreach (var (service, of) in spans)
        {
            await dashboard.KeepAsync(Otlp.Spans(service, [.. of]));
        }

        foreach (var (service, of) in logs)
        {
            await dashboard.KeepAsync(Otlp.Logs(service, [.. of]));
        }

        foreach (var service in new[] { "orders", "payments" })
        {
            await dashboard.KeepAsync(Otlp.Metrics(service, Duration(service == "payments" ? 3 : 1), Lag(service == "payments" ? 400 : 20), Placed()));
        }
    }

    private void Place(int order)
    {
        var (trace, start, failed) = (Order(order), At(order), order == FailedOrder);
        Add("simulator", Otlp.Span(trace, 1, name: "POST /orders", kind: SpanKind.Client, start: start, milliseconds: 11 + (order % 7), attributes: [("http.request.method", "POST"), ("http.response.status_code", 202)]));
        Add("orders", Otlp.Span(trace, 2, parent: 1, name: "POST /orders", kind: SpanKind.Server, start: start.AddMilliseconds(2), milliseconds: 7, attributes: [("http.route", "/orders"), ("http.response.status_code", 202)]));
        Add("orders", Otlp.Span(trace, 3, parent: 2, name: "commit main", kind: SpanKind.Client, start: start.AddMilliseconds(3), milliseconds: 4, attributes: [("db.system.name", "sqlite"), ("db.namespace", "main")]));
        Add("orders", Otlp.Span(trace, 4, parent: 3, name: "send orders", kind: SpanKind.Producer, start: start.AddMilliseconds(9), milliseconds: 3, attributes: [("messaging.destination.name", "orders"), ("flow.sequence", order)]));
        var reserved = Otlp.Span(trace, 5, parent: 4, name: "process orders", kind: SpanKind.Consumer, start: start.AddMilliseconds(13), milliseconds: 6, attributes: ("messaging.destination.name", "orders"));
        reserved.Events.Add(new Span.Types.Event { TimeUnixNano = (ulong)UnixNanos.From(start.AddMilliseconds(16)), Name = "reserved", Attributes = { Otlp.Attributes(("stock.code", "85123A"), ("units", 6)) } });
        Add("inventory", reserved);
        var charged = Otlp.Span(trace, 6, parent: 4, name: "process orders", kind: SpanKind.Consumer, start: start.AddMilliseconds(14), milliseconds: 30 + (order % 11), failed: failed, attributes: ("messaging.destination.name", "orders"));
        Add("payments", charged);
        Add("payments", Otlp.Span(trace, 7, parent: 6, name: "POST /charges", kind: SpanKind.Client, start: start.AddMilliseconds(16), milliseconds: 22, failed: failed, attributes: [("server.address", "cards.example"), ("http.response.status_code", failed ? 503 : 200)]));
        Log("orders", Otlp.Log($"Order {536_364 + order} of customer 17850 placed with 7 lines", time: start.AddMilliseconds(6), trace: trace, span: 2, attributes: ("order", 536_364 + order)));
        if (failed)
        {
            charged.Events.Add(new Span.Types.Event
            {
                TimeUnixNano = (ulong)UnixNanos.From(start.AddMilliseconds(40)),
                Name = "exception",
                Attributes = { Otlp.Attributes(("exception.type", "GatewayException"), ("exception.message", "The card gateway did not answer"), ("exception.stacktrace", "GatewayException: The card gateway did not answer\n   at Payments.Gateway.ChargeAsync()")) },
            });
            Log("payments", Otlp.Log("The card gateway did not answer; it is tried again in 2 s", SeverityNumber.Error, start.AddMilliseconds(41), trace, 6));
            return;
        }

        Add("payments", Otlp.Span(trace, 8, parent: 6, name: "send payments", kind: SpanKind.Producer, start: start.AddMilliseconds(44), milliseconds: 2, attributes: ("messaging.destination.name", "payments")));
        Add("shipping", Otlp.Span(trace, 9, parent: 8, name: "process payments", kind: SpanKind.Consumer, start: start.AddMilliseconds(48), milliseconds: 12, attributes: ("messaging.destination.name", "payments")));
        Add("shipping", Otlp.Span(trace, 10, parent: 9, name: "send shipments", kind: SpanKind.Producer, start: start.AddMilliseconds(61), milliseconds: 2, attributes: ("messaging.destination.name", "shipments")));
        Add("orders", Otlp.Span(trace, 11, parent: 10, name: "process shipments", kind: SpanKind.Consumer, start: start.AddMilliseconds(66), milliseconds: 3, attributes: ("messaging.destination.name", "shipments")));
        Log("payments", Otlp.Log($"Charged 15.30 GBP for order {536_364 + order}", time: start.AddMilliseconds(41), trace: trace, span: 6));
    }

    private Metric Duration(int slowness)
    {
        var histogram = new Histogram { AggregationTemporality = AggregationTemporality.Cumulative };
        for (var order = 1; order <= Orders; order++)
        {
            var point = new HistogramDataPoint
            {
                StartTimeUnixNano = (ulong)UnixNanos.From(At(0)), TimeUnixNano = (ulong)UnixNanos.From(At(order)), Count = (ulong)(order * 10), Sum = order * 0.3 * slowness,
                ExplicitBounds = { 0.01 * slowness, 0.05 * slowness, 0.1 * slowness }, BucketCounts = { (ulong)(order * 5), (ulong)(order * 4), (ulong)order, 0 }, Attributes = { Otlp.Attributes(("http.route", "/orders")) },
            };
            if (order % 6 == 0)
            {
                point.Exemplars.Add(new Exemplar { AsDouble = 0.04 * slowness, TimeUnixNano = point.TimeUnixNano, TraceId = Google.Protobuf.ByteString.CopyFrom(Order(order).ToBytes()), SpanId = Otlp.Id(2) });
            }

            histogram.DataPoints.Add(point);
        }

        return new Metric { Name = "http.server.request.duration", Description = "Duration of HTTP server requests.", Unit = "s", Histogram = histogram };
    }

    private Metric Lag(int most) => new()
    {
        Name = "flow.consumer.lag", Description = "Events that the consumer has not applied.", Unit = "{event}",
        Gauge = new Gauge { DataPoints = { Enumerable.Range(1, Orders).Select(order => new NumberDataPoint { TimeUnixNano = (ulong)UnixNanos.From(At(order)), AsInt = order is > 20 and < 30 ? most : order % 5 }) } },
    };

    private Metric Placed() => new()
    {
        Name = "orders.placed", Unit = "{order}",
        Sum = new Sum
        {
            IsMonotonic = true, AggregationTemporality = AggregationTemporality.Cumulative,
            DataPoints = { Enumerable.Range(1, Orders).Select(order => new NumberDataPoint { StartTimeUnixNano = (ulong)UnixNanos.From(At(0)), TimeUnixNano = (ulong)UnixNanos.From(At(order)), AsInt = order }) },
        },
    };

    private void Add(string service, Span span) => (spans.TryGetValue(service, out var of) ? of : spans[service] = []).Add(span);

    private void Log(string service, LogRecord record) => (logs.TryGetValue(service, out var of) ? of : logs[service] = []).Add(record);
}
