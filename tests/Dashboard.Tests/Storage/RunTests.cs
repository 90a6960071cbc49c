using Dapper;
using FlowPlatform.Dashboard.Logs;
using FlowPlatform.Dashboard.Storage;
using FlowPlatform.Dashboard.Tests.Support;
using FlowPlatform.Dashboard.Traces;
using Microsoft.Data.Sqlite;

namespace FlowPlatform.Dashboard.Tests.Storage;

/// <summary>Telemetry outlives the process that took it.</summary>
public sealed class RunTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_dashboard_that_is_started_again_goes_on_with_its_run()
    {
        using var directory = new TemporaryDirectory();
        await using (var first = await TestDashboard.StartAsync(directory.Path, settings: ("FLOW_RUN", "one")))
        {
            await first.KeepAsync(Otlp.Spans("any", Otlp.Span(Otlp.TraceNumber(1), 1)));
            await first.KeepAsync(Otlp.Logs("any", Otlp.Log("before", trace: Otlp.TraceNumber(1))));
        }

        await using var second = await TestDashboard.StartAsync(directory.Path, settings: ("FLOW_RUN", "one"));
        second.Runs.List().ShouldHaveSingleItem();
        (await second.ItemsAsync(Signal.Traces, Outcome.Kept)).ShouldBe(1, "Counts go on, too.");
        await second.KeepAsync(Otlp.Spans("any", Otlp.Span(Otlp.TraceNumber(1), 2, parent: 1), Otlp.Span(Otlp.TraceNumber(2), 1)));
        var trace = (await second.Get<TraceDetails>().ReadAsync(second.Run, Otlp.TraceNumber(1), Cancel))!;
        trace.Spans.Count.ShouldBe(2);
        trace.Logs.ShouldHaveSingleItem().Body.ShouldBe("before");
    }

    [Fact]
    public async Task Earlier_runs_can_be_chosen()
    {
        using var directory = new TemporaryDirectory();
        await using (var first = await TestDashboard.StartAsync(directory.Path, settings: ("FLOW_RUN", "one")))
        {
            await first.KeepAsync(Otlp.Logs("any", Otlp.Log("of the first run")));
        }

        await using var second = await TestDashboard.StartAsync(directory.Path, settings: ("FLOW_RUN", "two"));
        await second.KeepAsync(Otlp.Logs("any", Otlp.Log("of the second run")));
        var runs = second.Runs.List();
        runs.Count.ShouldBe(2);
        var earlier = second.Runs.Find(runs.Single(run => run.Key == "one").Name)!;
        (await second.Get<LogList>().FindAsync(earlier, new LogFilter(), null, 10, Cancel)).Entries.ShouldHaveSingleItem().Body.ShouldBe("of the first run");
        (await second.Get<LogList>().FindAsync(second.Run, new LogFilter(), null, 10, Cancel)).Entries.ShouldHaveSingleItem().Body.ShouldBe("of the second run");
        (await second.Get<IntakeReader>().ReadAsync(earlier, Cancel))[(int)Signal.Logs].Counts[Outcome.Kept].Items.ShouldBe(1);
        second.Runs.Find("gone").ShouldBeNull();
    }

    [Fact]
    public async Task A_run_of_another_version_is_left_alone_and_another_run_begins()
    {
        using var directory = new TemporaryDirectory();
        string before;
        await using (var first = await TestDashboard.StartAsync(directory.Path, settings: ("FLOW_RUN", "one")))
        {
            before = first.Run.Directory;
            await first.KeepAsync(Otlp.Spans("any", Otlp.Span(Otlp.TraceNumber(1), 1)));
        }

        var file = Path.Combine(before, "traces.db");
        using (var older = new SqliteConnection($"Data Source={file};Pooling=False"))
        {
            older.Open();
            older.Execute($"DROP TABLE edge_sum; PRAGMA user_version = {SignalFile.FormatVersion - 1};");
        }

        await using var next = await TestDashboard.StartAsync(directory.Path, new VirtualClock(TimeProvider.System.GetUtcNow().AddMinutes(1)), ("FLOW_RUN", "one"));
        next.Runs.List().ShouldHaveSingleItem().Directory.ShouldNotBe(before);
        await next.KeepAsync(Otlp.Spans("any", Otlp.Span(Otlp.TraceNumber(2), 1)));
        File.Exists(file).ShouldBeTrue("It goes with its age, as every earlier run does.");
    }

    [Fact]
    public async Task What_a_killed_dashboard_had_kept_is_there()
    {
        using var directory = new TemporaryDirectory();
        using var copy = new TemporaryDirectory();
        await using var killed = await TestDashboard.StartAsync(directory.Path, settings: ("FLOW_RUN", "one"));
        await killed.KeepAsync(Otlp.Logs("any", Otlp.Log("survives")));

        // What a kill leaves: files that nobody has closed, the write-ahead log among them.
        foreach (var file in Directory.EnumerateFiles(killed.Run.Directory))
        {
            var target = Path.Combine(copy.Path, "telemetry", killed.Run.Name, Path.GetFileName(file));
            Directory.CreateDirectory(Path.GetDirectoryName(target)!);
            File.Copy(file, target);
        }

        await using var next = await TestDashboard.StartAsync(copy.Path, settings: ("FLOW_RUN", "one"));
        (await next.Get<LogList>().FindAsync(next.Run, new LogFilter(), null, 10, Cancel)).Entries.ShouldHaveSingleItem().Body.ShouldBe("survives");
    }

    [Fact]
    public async Task Two_dashboards_do_not_share_a_directory()
    {
        using var directory = new TemporaryDirectory();
        await using var first = await TestDashboard.StartAsync(directory.Path);

        (await Should.ThrowAsync<TelemetryDirectoryInUseException>(() => TestDashboard.StartAsync(directory.Path))).Directory.ShouldBe(Path.Combine(directory.Path, "telemetry"));
    }

    [Fact]
    public async Task Runs_that_are_too_many_or_too_old_go()
    {
        using var directory = new TemporaryDirectory();
        for (var run = 1; run <= 4; run++)
        {
            await using var dashboard = await TestDashboard.StartAsync(directory.Path, settings: [("FLOW_RUN", $"run-{run}"), ("Dashboard:TelemetryLimits:MaxRuns", "3")]);
            dashboard.Runs.Prune();
            dashboard.Runs.List().Count.ShouldBeLessThanOrEqualTo(3);
        }

        var later = new VirtualClock(DateTimeOffset.UnixEpoch.AddYears(200));
        await using var last = await TestDashboard.StartAsync(directory.Path, later, ("FLOW_RUN", "last"));
        last.Runs.Prune();
        last.Runs.List().ShouldHaveSingleItem().Key.ShouldBe("last");
        Directory.EnumerateDirectories(Path.Combine(directory.Path, "telemetry")).ShouldHaveSingleItem();
    }
}
