using FlowPlatform.Dashboard.Tests.Support;
using FlowPlatform.Dashboard.Traces;

namespace FlowPlatform.Dashboard.Tests.Traces;

public sealed class ServiceMapTests
{
    private static readonly DateTimeOffset Start = DateTimeOffset.UnixEpoch.AddYears(50);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_map_shows_who_talks_to_whom_how_often_and_how_long()
    {
        await using var dashboard = await TestDashboard.StartAsync();
        // Calls of 1 to 100 ms, one of ten fails; their service sends an event that is taken 5 ms after it was sent.
        var numbers = Enumerable.Range(1, 100).ToList();
        await dashboard.KeepAsync(Otlp.Spans(
            "simulator", [.. numbers.Select(static i => Otlp.Span(Otlp.TraceNumber(i), 1, name: "POST", kind: SpanKind.Client, start: Start, milliseconds: i + 1, attributes: ("server.address", "127.0.0.1")))]));
        await dashboard.KeepAsync(Otlp.Spans("orders", [.. numbers.SelectMany(static i => new[]
        {
            Otlp.Span(Otlp.TraceNumber(i), 2, parent: 1, name: "POST /orders", kind: SpanKind.Server, start: Start, milliseconds: i, failed: i % 10 == 0),
            Otlp.Span(Otlp.TraceNumber(i), 3, parent: 2, name: "COMMIT main.db", kind: SpanKind.Client, start: Start, milliseconds: 2, attributes: [("db.system.name", "sqlite"), ("db.namespace", "main.db")]),
            Otlp.Span(Otlp.TraceNumber(i), 4, parent: 2, name: "send orders", kind: SpanKind.Producer, start: Start, milliseconds: 1, attributes: ("messaging.destination.name", "orders")),
        })]));
        await dashboard.KeepAsync(Otlp.Spans("inventory", [.. numbers.Select(static i => Otlp.Span(
            Otlp.TraceNumber(i), 5, parent: 4, name: "process orders", kind: SpanKind.Consumer, start: Start.AddMilliseconds(4), milliseconds: 1, attributes: ("messaging.destination.name", "orders")))]));

        // A batch links to what has spans of its own, and a replay to what was taken long ago; a call to somebody who is silent.
        await dashboard.KeepAsync(Otlp.Spans(
            "inventory",
            Otlp.Span(Otlp.TraceNumber(201), 1, name: "process orders", kind: SpanKind.Consumer, start: Start.AddSeconds(1), attributes: ("messaging.destination.name", "orders")).LinkTo(Otlp.TraceNumber(1), 4).LinkTo(Otlp.TraceNumber(2), 4),
            Otlp.Span(Otlp.TraceNumber(202), 1, name: "process orders", kind: SpanKind.Consumer, start: Start.AddSeconds(1), attributes: [("messaging.destination.name", "orders"), ("flow.replay", true)]).LinkTo(Otlp.TraceNumber(1), 4)));
        await dashboard.KeepAsync(Otlp.Spans(
            "insights",
            Otlp.Span(Otlp.TraceNumber(203), 1, name: "process orders", kind: SpanKind.Consumer, start: Start.AddMilliseconds(20), milliseconds: 5, attributes: ("messaging.destination.name", "orders")).LinkTo(Otlp.TraceNumber(3), 4),
            Otlp.Span(Otlp.TraceNumber(204), 1, name: "GET", kind: SpanKind.Client, start: Start, attributes: [("server.address", "example.test"), ("server.port", 443)])));

        var map = await dashboard.Get<ServiceMapReader>().ReadAsync(dashboard.Run, Start.AddSeconds(-50), Start.AddSeconds(60), Cancel);

        map.IsPartial.ShouldBeFalse();
        map.Services.Select(static service => service.Name).ShouldBe(["insights", "inventory", "orders", "simulator"]);
        map.Services.Single(static service => service.Name == "orders").ShouldBe(new MapService("orders", 2.5, 10d / 300));
        map.Edges.Count.ShouldBe(6);
        var calls = Edge("simulator", "orders", EdgeKind.Call);
        (calls.Count, calls.PerSecond, calls.ErrorShare).ShouldBe((100, 100d / 120, 0.1));
        Near(calls.P50, 50);
        Near(calls.P95, 95);
        Near(calls.P99, 99);
        var events = Edge("orders", "inventory", EdgeKind.Message);
        (events.Via, events.Count).ShouldBe(("orders", 100));
        Near(events.P50, 5);
        (Edge("orders", "sqlite main.db", EdgeKind.Database).Count, Edge("insights", "example.test:443", EdgeKind.External).Count).ShouldBe((100, 1));
        Near(Edge("orders", "insights", EdgeKind.Message).P99, 25);
        Edge("orders", "inventory", EdgeKind.Message, replay: true).Count.ShouldBe(1);

        MapEdge Edge(string from, string to, EdgeKind kind, bool replay = false) => map.Edges.Single(edge => edge.From == from && edge.To == to && edge.Kind == kind && edge.IsReplay == replay);
    }

    [Fact]
    public async Task Only_the_time_asked_for_counts_from_a_full_minute_and_of_too_many_the_greatest()
    {
        await using var dashboard = await TestDashboard.StartAsync();
        for (var trace = 1; trace <= 3; trace++)
        {
            var number = trace;
            await dashboard.KeepAsync(Otlp.Spans("busy", [.. Enumerable.Range(1, 300 * number).Select(id => Otlp.Span(Otlp.TraceNumber(number), id, start: Start.AddMinutes(number)))]));
        }

        var two = await dashboard.Get<ServiceMapReader>().ReadAsync(dashboard.Run, Start.AddMinutes(2).AddSeconds(30), Start.AddMinutes(4), Cancel);
        (two.IsPartial, two.From, two.Services.ShouldHaveSingleItem().SpansPerSecond).ShouldBe((false, Start.AddMinutes(2), 1_500d / 120));

        for (var part = 0; part < 6; part++)
        {
            var first = part * 100;
            await dashboard.KeepAsync(new OpenTelemetry.Proto.Collector.Trace.V1.ExportTraceServiceRequest
            {
                ResourceSpans = { Enumerable.Range(first, 100).SelectMany(number => Otlp.Spans($"service-{number}", Otlp.Span(Otlp.TraceNumber(1_000 + number), 1, start: Start.AddMinutes(3))).ResourceSpans) },
            });
        }

        var many = await dashboard.Get<ServiceMapReader>().ReadAsync(dashboard.Run, Start.AddMinutes(3), Start.AddMinutes(4), Cancel);
        (many.IsPartial, many.Services.Count).ShouldBe((true, 500));
        many.Services.ShouldContain(static service => service.Name == "busy");
    }

    private static void Near(TimeSpan found, double milliseconds) => found.TotalMilliseconds.ShouldBe(milliseconds, milliseconds * 0.032);
}
