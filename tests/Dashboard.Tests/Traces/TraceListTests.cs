using FlowPlatform.Dashboard.Storage;
using FlowPlatform.Dashboard.Tests.Support;
using FlowPlatform.Dashboard.Traces;

namespace FlowPlatform.Dashboard.Tests.Traces;

public sealed class TraceListTests
{
    private static readonly DateTimeOffset Start = DateTimeOffset.UnixEpoch.AddYears(50);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Traces_are_found_by_each_filter()
    {
        await using var dashboard = await TestDashboard.StartAsync();
        await dashboard.KeepAsync(Otlp.Spans("orders", Otlp.Span(Otlp.TraceNumber(1), 1, name: "POST /orders", start: Start, milliseconds: 100, attributes: [("http.route", "/orders"), ("http.response.status_code", 202)])));
        await dashboard.KeepAsync(Otlp.Spans(
            "payments",
            Otlp.Span(Otlp.TraceNumber(2), 1, name: "charge 100%_card", start: Start.AddSeconds(1), failed: true),
            Otlp.Span(Otlp.TraceNumber(2), 2, parent: 1, name: "inner", start: Start.AddSeconds(1), attributes: ("retry", true))));
        await dashboard.KeepAsync(Otlp.Spans("orders", Otlp.Span(Otlp.TraceNumber(3), 1, name: "process orders", start: Start.AddSeconds(2), milliseconds: 5_000, attributes: ("flow.replay", true))));

        (await FindAsync(new())).ShouldBe([3, 2, 1], "The newest come first.");
        (await FindAsync(new() { Service = "orders" })).ShouldBe([3, 1]);
        (await FindAsync(new() { Name = "post /" })).ShouldBe([1]);
        (await FindAsync(new() { Name = "100%_c" })).ShouldBe([2], "No character is a wildcard.");
        (await FindAsync(new() { Name = "1%d" })).ShouldBeEmpty();
        (await FindAsync(new() { ErrorsOnly = true })).ShouldBe([2]);
        (await FindAsync(new() { ErrorsOnly = true, Service = "orders" })).ShouldBeEmpty();
        (await FindAsync(new() { ErrorsOnly = true, Name = "inner" })).ShouldBeEmpty("Both must hold for the same span.");
        (await FindAsync(new() { Service = "payments", Name = "charge", ErrorsOnly = true })).ShouldBe([2]);
        (await FindAsync(new() { Service = "orders", Name = "charge" })).ShouldBeEmpty();
        (await FindAsync(new() { Attribute = new("http.route", "/orders") })).ShouldBe([1]);
        (await FindAsync(new() { Attribute = new("http.response.status_code", "202") })).ShouldBe([1]);
        (await FindAsync(new() { Attribute = new("retry", "true") })).ShouldBe([2]);
        (await FindAsync(new() { Attribute = new("retry", "false") })).ShouldBeEmpty();
        (await FindAsync(new() { MinDuration = TimeSpan.FromMilliseconds(100) })).ShouldBe([3, 1]);
        (await FindAsync(new() { MinDuration = TimeSpan.FromMilliseconds(50), MaxDuration = TimeSpan.FromSeconds(1) })).ShouldBe([1]);
        (await FindAsync(new() { From = Start.AddSeconds(1) })).ShouldBe([3, 2]);
        (await FindAsync(new() { To = Start.AddSeconds(1) })).ShouldBe([1]);
        (await FindAsync(new() { Replay = ReplayFilter.Live })).ShouldBe([2, 1]);
        (await FindAsync(new() { Replay = ReplayFilter.Replayed })).ShouldBe([3]);

        async Task<IEnumerable<int>> FindAsync(TraceFilter filter) => (await dashboard.Get<TraceList>().FindAsync(dashboard.Run, filter, null, 50, Cancel)).Traces.Select(static trace => (int)trace.Id.Low);
    }

    [Fact]
    public async Task A_trace_is_named_after_its_root_whenever_that_comes()
    {
        await using var dashboard = await TestDashboard.StartAsync();
        await dashboard.KeepAsync(Otlp.Spans("inventory", Otlp.Span(Otlp.TraceNumber(1), 3, parent: 2, name: "later", start: Start.AddSeconds(2)), Otlp.Span(Otlp.TraceNumber(1), 2, parent: 1, name: "earlier", start: Start.AddSeconds(1), failed: true)));
        var page = await dashboard.Get<TraceList>().FindAsync(dashboard.Run, new(), null, 50, Cancel);
        (page.Traces[0].Name, page.Traces[0].HasRoot).ShouldBe(("earlier", false));

        await dashboard.KeepAsync(Otlp.Spans("orders", Otlp.Span(Otlp.TraceNumber(1), 1, name: "root", start: Start, milliseconds: 4_000)));
        var trace = (await dashboard.Get<TraceList>().FindAsync(dashboard.Run, new(), null, 50, Cancel)).Traces.ShouldHaveSingleItem();
        (trace.Name, trace.Service, trace.HasRoot, trace.Start, trace.Duration, trace.Spans, trace.Errors).ShouldBe(("root", "orders", true, Start, TimeSpan.FromSeconds(4), 3, 1));
        trace.Services.ShouldBe([new ServiceShare("inventory", 2, 1), new ServiceShare("orders", 1, 0)]);
    }

    [Fact]
    public async Task Pages_follow_each_other_without_a_gap_and_a_search_that_looks_far_says_so()
    {
        const int Traces = 40_000;
        await using var dashboard = await TestDashboard.StartAsync();
        for (var number = 1; number <= Traces; number += 5_000)
        {
            // Ten at a time begin together.
            await dashboard.KeepAsync(Otlp.Spans("any", [.. Enumerable.Range(number, 5_000).Select(static trace => Otlp.Span(Otlp.TraceNumber(trace), 1, name: trace == 1 ? "needle" : "hay", start: Start.AddSeconds(trace / 10)))]));
        }

        var list = dashboard.Get<TraceList>();
        var seen = new List<ulong>();
        TraceCursor? next = null;
        for (var page = 0; page < 20; page++)
        {
            var found = await list.FindAsync(dashboard.Run, new(), next, 103, Cancel);
            seen.AddRange(found.Traces.Select(static trace => trace.Id.Low));
            next = found.Next;
        }

        seen.ShouldBe(Enumerable.Range(1, Traces).Reverse().OrderByDescending(static trace => trace / 10).Take(20 * 103).Select(static trace => (ulong)trace));
        (await list.FindAsync(dashboard.Run, new(), null, 1_000_000, Cancel)).Traces.Count.ShouldBe(TraceList.MaxPage);

        var first = await list.FindAsync(dashboard.Run, new() { Name = "needle" }, null, 10, Cancel);
        first.Traces.ShouldBeEmpty();
        first.SearchedTo.ShouldNotBeNull();
        var second = await list.FindAsync(dashboard.Run, new() { Name = "needle" }, first.Next, 10, Cancel);
        second.Traces.ShouldHaveSingleItem().Id.ShouldBe(Otlp.TraceNumber(1));
        (second.Next, second.SearchedTo).ShouldBe((null, null));
    }
}
