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

        var map = await dashboard.Get<ServiceMapReader>().ReadAsync(dashboard.Run, Start.AddSeconds(-50), Start.AddSeconds(50), Cancel);

        map.IsPartial.ShouldBeFalse();
        map.Services.Select(static service => service.Name).ShouldBe(["insights", "inventory", "orders", "simulator"]);
        map.Services.Single(static service => service.Name == "orders").ShouldBe(new MapService("orders", 3, 10d / 300));
        map.Edges.Count.ShouldBe(6);
        Edge("simulator", "orders", EdgeKind.Call).ShouldBe(new MapEdge(
            "simulator", "orders", EdgeKind.Call, null, false, 100, 1, 0.1, TimeSpan.FromMilliseconds(50), TimeSpan.FromMilliseconds(95), TimeSpan.FromMilliseconds(99)));
        var events = Edge("orders", "inventory", EdgeKind.Message);
        (events.Via, events.Count, events.P50).ShouldBe(("orders", 100, TimeSpan.FromMilliseconds(5)));
        (Edge("orders", "sqlite main.db", EdgeKind.Database).Count, Edge("insights", "example.test:443", EdgeKind.External).Count).ShouldBe((100, 1));
        Edge("orders", "insights", EdgeKind.Message).P99.ShouldBe(TimeSpan.FromMilliseconds(25));
        Edge("orders", "inventory", EdgeKind.Message, replay: true).Count.ShouldBe(1);

        MapEdge Edge(string from, string to, EdgeKind kind, bool replay = false) => map.Edges.Single(edge => edge.From == from && edge.To == to && edge.Kind == kind && edge.IsReplay == replay);
    }

    [Fact]
    public async Task Only_the_time_asked_for_counts_and_of_too_much_the_newest()
    {
        await using var dashboard = await TestDashboard.StartAsync();
        for (var trace = 1; trace <= 12; trace++)
        {
            var number = trace;
            for (var part = 0; part < 2; part++)
            {
                var first = (part * 5_000) + 1;
                await dashboard.KeepAsync(Otlp.Spans("busy", [.. Enumerable.Range(first, 5_000).Select(id => Otlp.Span(Otlp.TraceNumber(number), id, start: Start.AddMinutes(number)))]));
            }
        }

        var map = await dashboard.Get<ServiceMapReader>().ReadAsync(dashboard.Run, Start, Start.AddMinutes(13), Cancel);
        (map.IsPartial, map.From, map.Services.ShouldHaveSingleItem().SpansPerSecond).ShouldBe((true, Start.AddMinutes(3), 100_000d / 600));

        var minute = await dashboard.Get<ServiceMapReader>().ReadAsync(dashboard.Run, Start.AddMinutes(5), Start.AddMinutes(6), Cancel);
        (minute.IsPartial, minute.From, minute.Services.ShouldHaveSingleItem().SpansPerSecond).ShouldBe((false, Start.AddMinutes(5), 10_000d / 60));
    }
}
