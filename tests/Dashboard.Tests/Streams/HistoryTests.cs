using Dapper;
using FlowPlatform.Dashboard.Streams;
using FlowPlatform.Dashboard.Tests.Support;
using FlowPlatform.Hosting;
using FlowPlatform.Log;

namespace FlowPlatform.Dashboard.Tests.Streams;

/// <summary>What is kept of positions and lag.</summary>
public sealed class HistoryTests
{
    private static readonly DateTimeOffset Start = new(TimeProvider.System.GetUtcNow().AddMinutes(-5).Ticks / TimeSpan.TicksPerSecond * TimeSpan.TicksPerSecond, TimeSpan.Zero);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Samples_tell_between_which_moments_a_consumer_applied_an_event()
    {
        await using var dashboard = await TestDashboard.StartAsync();
        Add(dashboard, 0, position: 5);
        Add(dashboard, 1, position: 5);
        Add(dashboard, 2, position: 5);
        Add(dashboard, 3, position: 9);
        Add(dashboard, 4, position: 9);
        var reader = dashboard.Get<HistoryReader>();
        var applied = await Eventually.ThatAsync("it was applied", () => AppliedAsync(reader, offset: 7), rows => rows is [{ Until: not null }]);
        applied[0].ShouldBe(new AppliedBetween("orders", "order-status", Start.AddSeconds(2), Start.AddSeconds(3)), "Not from the first sample that had this position, but from the last.");
        (await AppliedAsync(reader, offset: 9))[0].Until.ShouldBeNull("It is at 9 and has not applied it.");
        (await AppliedAsync(reader, offset: 4))[0].Since.ShouldBeNull("It was past it when the samples began.");
        (await reader.AppliedAsync(new PartitionId("orders", 1), 4, Start, Cancel)).ShouldBeEmpty("Nobody is in that partition.");
    }

    [Fact]
    public async Task A_position_that_went_back_counts_from_when_the_event_was_stored()
    {
        await using var dashboard = await TestDashboard.StartAsync();
        Add(dashboard, 0, position: 90);
        Add(dashboard, 10, position: 5);
        Add(dashboard, 20, position: 8);
        var reader = dashboard.Get<HistoryReader>();
        var applied = await Eventually.ThatAsync("all is kept", () => reader.AppliedAsync(new PartitionId("orders", 0), 7, Start.AddSeconds(8), Cancel), rows => rows is [{ Until: not null }]);
        applied[0].ShouldBe(new AppliedBetween("orders", "order-status", Start.AddSeconds(10), Start.AddSeconds(20)));
    }

    [Fact]
    public async Task A_course_has_steps_and_a_rate()
    {
        await using var dashboard = await TestDashboard.StartAsync();
        Add(dashboard, 0, position: 100, lag: 50);
        Add(dashboard, 60, position: 700, lag: 0);
        var reader = dashboard.Get<HistoryReader>();
        var history = await Eventually.ThatAsync("both samples are kept", () => reader.ReadAsync(TimeSpan.FromMinutes(15), Cancel), history => history.Consumers.Values.Any(static course => course.Count > 1));
        var course = history.Consumers[("orders", "order-status", "orders", 0)];
        FlowHistory.Rate(course, static step => (step.Time, step.Mark)).ShouldBe(10);
        FlowHistory.Fill(course, static step => step.Step, static step => step.Lag).Max().ShouldBe(50);
    }

    [Fact]
    public void What_does_not_change_is_kept_seldom_and_what_is_old_goes()
    {
        using var directory = new TemporaryDirectory();
        var run = Storage(directory);
        using var connection = HistoryFile.OpenWriter(run);
        var tables = new HistoryTables(connection);
        for (var second = 0; second < 100; second++)
        {
            tables.Write(Reading(second, 5, 0), Rows(second, 5, 0));
        }

        connection.ExecuteScalar<long>("SELECT count(*) FROM consumer_sample").ShouldBe(10, "Once in ten seconds.");
        tables.Trim(Start.AddSeconds(50), long.MaxValue);
        connection.ExecuteScalar<long>("SELECT min(time) FROM consumer_sample").ShouldBe(Start.AddSeconds(50).ToUnixTimeMilliseconds());
        tables.Trim(DateTimeOffset.MinValue.AddYears(1), maxBytes: 1);
        connection.ExecuteScalar<long>("SELECT min(time) FROM consumer_sample").ShouldBeGreaterThan(Start.AddSeconds(50).ToUnixTimeMilliseconds(), "The oldest of what is too much go, too.");
    }

    private static Dashboard.Storage.TelemetryRun Storage(TemporaryDirectory directory)
    {
        var run = Dashboard.Storage.TelemetryRun.New(directory.Path, Start, "one");
        Directory.CreateDirectory(run.Directory);
        return run;
    }

    private static Task<IReadOnlyList<AppliedBetween>> AppliedAsync(HistoryReader reader, long offset) => reader.AppliedAsync(new PartitionId("orders", 0), offset, Start, Cancel);

    private static void Add(TestDashboard dashboard, int second, long position, long lag = 0)
    {
        var reading = Reading(second, position, lag);
        dashboard.Get<FlowBoard>().Set(reading);
        dashboard.Get<HistoryWriter>().Add(reading);
    }

    private static ServiceReading Reading(int second, long position, long lag)
    {
        var status = new FlowStatus(
            1, "orders", [], [new ConsumerPartitionStatus("order-status", "orders", 0, position, position, lag, 0, "live", "one", null)], new OutboxStatus(0, 0, "running", null), 0)
        { Instance = "one" };
        return new ServiceReading(new ServiceAddress("orders", 0, new Uri("http://127.0.0.1:1")), Start.AddSeconds(second), status, "Healthy", [], null);
    }

    private static IEnumerable<ConsumerRow> Rows(int second, long position, long lag) => Reading(second, position, lag).Flow!.Consumers.Select(row => new ConsumerRow("orders", row, Start.AddSeconds(second)));
}
