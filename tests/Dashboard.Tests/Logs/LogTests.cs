using FlowPlatform.Dashboard.Logs;
using FlowPlatform.Dashboard.Tests.Support;
using FlowPlatform.Dashboard.Traces;
using OpenTelemetry.Proto.Logs.V1;

namespace FlowPlatform.Dashboard.Tests.Logs;

public sealed class LogTests
{
    private static readonly DateTimeOffset Start = DateTimeOffset.UnixEpoch.AddYears(50);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Records_are_found_by_each_filter()
    {
        await using var dashboard = await TestDashboard.StartAsync();
        await dashboard.KeepAsync(Otlp.Logs("orders", Otlp.Log("Order 7 placed", time: Start, trace: Otlp.TraceNumber(1), attributes: [("Order", 7), ("exception.type", "TimeoutException")])));
        await dashboard.KeepAsync(Otlp.Logs("orders", Otlp.Log("Slow: 50%_of the time", SeverityNumber.Warn2, Start.AddSeconds(1), Otlp.TraceNumber(1), span: 2)));
        await dashboard.KeepAsync(Otlp.Logs("payments", Otlp.Log("Card refused", SeverityNumber.Error, Start.AddSeconds(2)), Otlp.Log("details", SeverityNumber.Debug, Start.AddSeconds(3))));

        (await FindAsync(new())).ShouldBe(["details", "Card refused", "Slow: 50%_of the time", "Order 7 placed"]);
        (await FindAsync(new() { MinSeverity = LogSeverity.Information })).ShouldBe(["Card refused", "Slow: 50%_of the time", "Order 7 placed"]);
        (await FindAsync(new() { MinSeverity = LogSeverity.Warning })).ShouldBe(["Card refused", "Slow: 50%_of the time"]);
        (await FindAsync(new() { MinSeverity = LogSeverity.Critical })).ShouldBeEmpty();
        (await FindAsync(new() { Service = "payments" })).ShouldBe(["details", "Card refused"]);
        (await FindAsync(new() { Instance = "orders-1", MinSeverity = LogSeverity.Warning })).ShouldBe(["Slow: 50%_of the time"]);
        (await FindAsync(new() { TraceId = Otlp.TraceNumber(1) })).ShouldBe(["Slow: 50%_of the time", "Order 7 placed"]);
        (await FindAsync(new() { TraceId = Otlp.TraceNumber(1), SpanId = new SpanId(2) })).ShouldBe(["Slow: 50%_of the time"]);
        (await FindAsync(new() { Text = "card" })).ShouldBe(["Card refused"]);
        (await FindAsync(new() { Text = "timeoutexc" })).ShouldBe(["Order 7 placed"], "An exception is in the attributes.");
        (await FindAsync(new() { Text = "50%_of" })).ShouldBe(["Slow: 50%_of the time"]);
        (await FindAsync(new() { Text = "5%f" })).ShouldBeEmpty();
        (await FindAsync(new() { Attribute = new("Order", "7") })).ShouldBe(["Order 7 placed"]);
        (await FindAsync(new() { From = Start.AddSeconds(1), To = Start.AddSeconds(3) })).ShouldBe(["Card refused", "Slow: 50%_of the time"]);
        var warning = (await dashboard.Get<LogList>().FindAsync(dashboard.Run, new() { MinSeverity = LogSeverity.Warning, Service = "orders" }, null, 1, Cancel)).Entries[0];
        (warning.Severity, warning.SeverityNumber, warning.Level, warning.Service, warning.Instance, warning.Scope, warning.Time).ShouldBe((LogSeverity.Warning, 14, "Warn2", "orders", "orders-1", "Some.Category", Start.AddSeconds(1)));

        async Task<IEnumerable<string>> FindAsync(LogFilter filter) => (await dashboard.Get<LogList>().FindAsync(dashboard.Run, filter, null, 50, Cancel)).Entries.Select(static entry => entry.Body);
    }

    [Fact]
    public async Task Pages_follow_each_other_without_a_gap_and_a_search_that_looks_far_says_so()
    {
        const int Records = 60_000;
        await using var dashboard = await TestDashboard.StartAsync();
        for (var number = 1; number <= Records; number += 10_000)
        {
            // Ten at a time have the same time.
            await dashboard.KeepAsync(Otlp.Logs("any", [.. Enumerable.Range(number, 10_000).Select(static record => Otlp.Log($"{record}", record == 1 ? SeverityNumber.Fatal : SeverityNumber.Info, Start.AddSeconds(record / 10)))]));
        }

        var list = dashboard.Get<LogList>();
        var seen = new List<string>();
        LogCursor? next = null;
        for (var page = 0; page < 10; page++)
        {
            var found = await list.FindAsync(dashboard.Run, new(), next, 333, Cancel);
            seen.AddRange(found.Entries.Select(static entry => entry.Body));
            next = found.Next;
        }

        seen.ShouldBe(Enumerable.Range(1, Records).Reverse().Take(3_330).Select(static record => $"{record}"));
        (await list.FindAsync(dashboard.Run, new(), null, 1_000_000, Cancel)).Entries.Count.ShouldBe(LogList.MaxPage);

        var first = await list.FindAsync(dashboard.Run, new() { MinSeverity = LogSeverity.Critical }, null, 10, Cancel);
        first.Entries.ShouldBeEmpty();
        first.SearchedTo.ShouldNotBeNull();
        var second = await list.FindAsync(dashboard.Run, new() { MinSeverity = LogSeverity.Critical }, first.Next, 10, Cancel);
        second.Entries.ShouldHaveSingleItem().Body.ShouldBe("1");
        (second.Next, second.SearchedTo).ShouldBe((null, null));
    }

    [Fact]
    public async Task A_tail_shows_what_comes_and_only_that()
    {
        await using var dashboard = await TestDashboard.StartAsync();
        await dashboard.KeepAsync(Otlp.Logs("any", Otlp.Log("before")));
        await using var tail = dashboard.Get<LogTail>().FollowAsync(new LogFilter { MinSeverity = LogSeverity.Information }, after: null, Cancel).GetAsyncEnumerator(Cancel);
        var first = tail.MoveNextAsync().AsTask();
        var sent = 0;

        // Until one is shown, it isn't known whether the tail has begun.
        while (!first.IsCompleted)
        {
            sent++;
            await dashboard.KeepAsync(Otlp.Logs("any", Otlp.Log($"{sent}"), Otlp.Log("too fine", SeverityNumber.Debug)));
        }

        (await first).ShouldBeTrue();
        var shown = tail.Current.Entries.ToList();
        while (shown[^1].Body != $"{sent}")
        {
            (await tail.MoveNextAsync()).ShouldBeTrue();
            shown.AddRange(tail.Current.Entries);
        }

        var begin = int.Parse(shown[0].Body, System.Globalization.CultureInfo.InvariantCulture);
        shown.Select(static entry => entry.Body).ShouldBe(Enumerable.Range(begin, sent - begin + 1).Select(static number => $"{number}"));
    }

    [Fact]
    public async Task A_tail_that_is_sent_too_much_skips_and_says_so()
    {
        await using var dashboard = await TestDashboard.StartAsync();
        await dashboard.KeepAsync(Otlp.Logs("any", Otlp.Log("first")));
        var after = (await dashboard.Get<LogList>().FindAsync(dashboard.Run, new(), null, 1, Cancel)).Entries[0].Id;
        await dashboard.KeepAsync(Otlp.Logs("any", [.. Enumerable.Range(1, 1_000).Select(static number => Otlp.Log($"{number}"))]));
        await using var tail = dashboard.Get<LogTail>().FollowAsync(new LogFilter(), after, Cancel).GetAsyncEnumerator(Cancel);

        (await tail.MoveNextAsync()).ShouldBeTrue();
        tail.Current.Entries.Select(static entry => entry.Body).ShouldBe(Enumerable.Range(801, 200).Select(static number => $"{number}"));
        tail.Current.Skipped.ShouldBe(800);
    }
}
