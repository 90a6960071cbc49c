using FlowPlatform.Dashboard.Tests.Support;
using FlowPlatform.Dashboard.Traces;

namespace FlowPlatform.Dashboard.Tests.Traces;

public sealed class TraceDetailTests
{
    private static readonly DateTimeOffset Start = DateTimeOffset.UnixEpoch.AddYears(50);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_trace_is_shown_whole_with_what_links_to_it()
    {
        await using var dashboard = await TestDashboard.StartAsync();
        await dashboard.KeepAsync(Otlp.Spans(
            "orders",
            Otlp.Span(Otlp.TraceNumber(1), 1, name: "POST /orders", start: Start, milliseconds: 100),
            Otlp.Span(Otlp.TraceNumber(1), 3, parent: 1, name: "send", kind: SpanKind.Producer, start: Start.AddMilliseconds(60)),
            Otlp.Span(Otlp.TraceNumber(1), 2, parent: 1, name: "COMMIT", start: Start.AddMilliseconds(10)),
            Otlp.Span(Otlp.TraceNumber(1), 4, parent: 2, name: "inner", start: Start.AddMilliseconds(11)),
            Otlp.Span(Otlp.TraceNumber(1), 9, parent: 8, name: "orphan", start: Start.AddMilliseconds(70))));
        await dashboard.KeepAsync(Otlp.Spans("inventory", Otlp.Span(Otlp.TraceNumber(2), 1, name: "process orders", kind: SpanKind.Consumer, attributes: ("flow.replay", true)).LinkTo(Otlp.TraceNumber(1), 3).LinkTo(Otlp.TraceNumber(7), 7)));
        await dashboard.KeepAsync(Otlp.Logs("orders", Otlp.Log("second", time: Start.AddMilliseconds(20), trace: Otlp.TraceNumber(1)), Otlp.Log("first", time: Start.AddMilliseconds(10), trace: Otlp.TraceNumber(1), span: 2), Otlp.Log("other")));

        var trace = (await dashboard.Get<TraceDetails>().ReadAsync(dashboard.Run, Otlp.TraceNumber(1), Cancel))!;
        trace.Spans.Select(static span => (span.Name, span.Depth)).ShouldBe([("POST /orders", 0), ("COMMIT", 1), ("inner", 2), ("send", 1), ("orphan", 0)]);
        trace.Spans.Where(static span => span.IsOrphan).ShouldHaveSingleItem().Name.ShouldBe("orphan");
        (trace.Spans[1].Offset, trace.Spans[1].Duration).ShouldBe((TimeSpan.FromMilliseconds(10), TimeSpan.FromMilliseconds(10)));
        trace.Logs.Select(static log => log.Body).ShouldBe(["first", "second"]);
        trace.LinkedFrom.ShouldBe([new LinkingSpan(Otlp.TraceNumber(2), new SpanId(1), "inventory", "process orders", IsReplay: true, Target: new SpanId(3))]);
        (trace.HasMoreSpans, trace.HasMoreLogs, trace.HasMoreLinks).ShouldBe((false, false, false));

        var batch = (await dashboard.Get<TraceDetails>().ReadAsync(dashboard.Run, Otlp.TraceNumber(2), Cancel))!;
        batch.Summary.IsReplay.ShouldBeTrue();
        batch.Spans[0].Links.Select(static link => (link.TraceId, link.SpanId)).ShouldBe([(Otlp.TraceNumber(1), new SpanId(3)), (Otlp.TraceNumber(7), new SpanId(7))]);
        (await dashboard.Get<TraceDetails>().ReadAsync(dashboard.Run, Otlp.TraceNumber(3), Cancel)).ShouldBeNull();
    }

    [Fact]
    public void Spans_that_are_each_others_parents_are_shown_once()
    {
        var spans = SpanTree.Order([Span(1, 2), Span(2, 1), Span(3, 3), Span(4, null), Span(5, 4)]);

        spans.Select(static span => span.Id.Value).ShouldBe([4UL, 5, 1, 2, 3]);
        spans.Count(static span => span.IsOrphan).ShouldBe(2);
    }

    [Fact]
    public void A_chain_of_10_000_spans_is_put_in_order()
    {
        var spans = SpanTree.Order([.. Enumerable.Range(1, 10_000).Select(static id => Span(id, id == 1 ? null : id - 1)).Reverse()]);

        spans.Select(static span => span.Depth).ShouldBe(Enumerable.Range(0, 10_000));
    }

    [Fact]
    public async Task What_is_long_is_cut_and_says_so()
    {
        await using var dashboard = await TestDashboard.StartAsync();
        var span = Otlp.Span(Otlp.TraceNumber(1), 1, attributes: [.. Enumerable.Range(0, 20).Select(static number => ($"a{number}", (object)new string('x', 20_000)))]);
        for (var i = 0; i < 300; i++)
        {
            span.LinkTo(Otlp.TraceNumber(2), i + 1);
        }

        await dashboard.KeepAsync(Otlp.Spans("any", span));

        var shown = (await dashboard.Get<TraceDetails>().ReadAsync(dashboard.Run, Otlp.TraceNumber(1), Cancel))!.Spans[0];
        shown.Attributes.Count.ShouldBeInRange(3, 5);
        shown.Attributes.ShouldAllBe(attribute => attribute.Value.Length <= 16_385);
        shown.Links.Count.ShouldBe(256);
        shown.NotKept.ShouldBe(20 - shown.Attributes.Count + 300 - 256);
    }

    private static TraceSpan Span(int id, int? parent) => new()
    {
        Id = new SpanId((ulong)id),
        ParentId = parent is { } number ? new SpanId((ulong)number) : null,
        Start = Start,
        Service = "any",
        Instance = "",
        Scope = "",
        Name = $"{id}",
        Attributes = [],
        ResourceAttributes = [],
    };
}
