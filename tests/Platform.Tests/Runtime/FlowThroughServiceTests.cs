using FlowPlatform.Consumers;
using FlowPlatform.Log;
using FlowPlatform.Tests.Support;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace FlowPlatform.Tests.Runtime;

public sealed class FlowThroughServiceTests : IDisposable
{
    private static readonly PartitionId[] Accounts = [new("accounts", 0), new("accounts", 1), new("accounts", 2)];
    private readonly TemporaryDirectory directory = new();
    private readonly MemoryEventLog log = new();

    public void Dispose() => directory.Dispose();

    [Fact]
    public async Task A_decision_reaches_the_log_the_projection_the_reactor_and_the_command_once()
    {
        await using var bank = await BankHost.StartAsync(log, directory.Path);
        for (var i = 1; i <= 30; i++)
        {
            await bank.PayInAsync($"a{i % 3}", 1.25m);
        }

        await bank.HasTotalAsync("a0", 12.50m, 10);
        await bank.HasTotalAsync("a1", 12.50m, 10);
        await Eventually.ThatAsync("30 greetings", async () => await bank.CountAsync("greeting") == 30);
        await Eventually.ThatAsync("30 thanks and 30 greeted in the log", () => log.Records(new("thanks", 0)).Count + log.Records(new("thanks", 1)).Count == 60);
        (await bank.CountAsync("ledger")).ShouldBe(30);
        bank.Greeter.Calls.Count.ShouldBe(30);
        await Eventually.ThatAsync("no command waits", async () => await bank.CountAsync("flow_command") == 0);
    }

    [Fact]
    public async Task Sequences_are_gap_free_per_partition_and_in_commit_order()
    {
        await using var bank = await BankHost.StartAsync(log, directory.Path);
        await Task.WhenAll(Enumerable.Range(0, 200).Select(i => bank.PayInAsync($"k{i}", i + 1)));
        await Eventually.ThatAsync("200 events", () => Accounts.Sum(id => log.Records(id).Count) == 200);
        foreach (var partition in Accounts)
        {
            log.Records(partition).Select(record => record.Event.Sequence).ShouldBe(Enumerable.Range(1, log.Records(partition).Count).Select(i => (long)i));
            log.Records(partition).ShouldAllBe(record => Partitioner.PartitionOf(record.Event.Key, 3) == partition.Index);
        }
    }

    [Fact]
    public async Task A_restart_goes_on_where_it_was()
    {
        await using (var bank = await BankHost.StartAsync(log, directory.Path))
        {
            await bank.PayInAsync("a", 1);
            await bank.HasTotalAsync("a", 1, 1);
        }

        await using var again = await BankHost.StartAsync(log, directory.Path);
        await again.PayInAsync("a", 2);
        await again.HasTotalAsync("a", 3, 2);
    }

    [Fact]
    public async Task Offset_jumps_are_no_evidence_of_loss()
    {
        log.OffsetJump = 7;
        await using var bank = await BankHost.StartAsync(log, directory.Path);
        await bank.PayInAsync("a", 1);
        await bank.HasTotalAsync("a", 1, 1);
        await bank.PayInAsync("a", 1);
        await bank.HasTotalAsync("a", 2, 2);
    }

    [Fact]
    public async Task Decisions_are_taken_while_the_log_is_away_and_flow_when_it_is_back()
    {
        log.Away = true;
        await using var bank = await BankHost.StartAsync(log, directory.Path);
        await bank.PayInAsync("a", 5);
        (await bank.Monitor.GetStatusAsync(TestContext.Current.CancellationToken)).Outbox.Depth.ShouldBe(1);
        log.Away = false;
        await bank.HasTotalAsync("a", 5, 1);
    }

    [Fact]
    public async Task A_lost_tail_is_published_again_and_applied_by_nobody_twice()
    {
        await using var bank = await BankHost.StartAsync(log, directory.Path);
        for (var i = 0; i < 20; i++)
        {
            await bank.PayInAsync("a", 1);
        }

        await bank.HasTotalAsync("a", 20, 20);
        var partition = Accounts.Single(id => log.Records(id).Count > 0);
        log.CutTail(partition, 8);
        await Eventually.ThatAsync("the tail is back", () => log.Records(partition).Count == 20);
        await bank.PayInAsync("a", 1);
        await bank.HasTotalAsync("a", 21, 21);
        log.Records(partition).Select(record => record.Event.Sequence).ShouldBe(Enumerable.Range(1, 21).Select(i => (long)i));
    }

    [Fact]
    public async Task A_consumer_that_never_reached_the_log_turns_health_yellow_and_after_a_while_red()
    {
        log.Away = true;
        var clock = new ShiftedClock();
        await using var bank = await BankHost.StartAsync(log, directory.Path, clock: clock);
        async Task<HealthCheckResult> CheckAsync() => await bank.Monitor.CheckHealthAsync(new HealthCheckContext(), TestContext.Current.CancellationToken);
        await Eventually.ThatAsync("totals is named and yellow", async () => await CheckAsync() is { Status: HealthStatus.Degraded } health && health.Description!.Contains("totals can't read", StringComparison.Ordinal));
        clock.Shift = TimeSpan.FromMinutes(1);
        await Eventually.ThatAsync("health is red", async () => await CheckAsync() is { Status: HealthStatus.Unhealthy } health && health.Description!.Contains("totals can't read", StringComparison.Ordinal));
        log.Away = false;
        await Eventually.ThatAsync("health is green", async () => (await CheckAsync()).Status == HealthStatus.Healthy);
    }

    [Fact]
    public async Task A_hole_in_the_sequence_stops_the_consumer()
    {
        await using var bank = await BankHost.StartAsync(log, directory.Path);
        await bank.PayInAsync("a", 1);
        await bank.HasTotalAsync("a", 1, 1);
        var partition = Accounts.Single(id => log.Records(id).Count > 0);
        var seen = log.Records(partition)[0].Event;
        log.Append(partition, Copy(seen, "x", 3));
        await Eventually.ThatAsync("totals names the hole", async () =>
            (await bank.Monitor.GetStatusAsync(TestContext.Current.CancellationToken)).Consumers.Any(row => row.Consumer == "totals" && row.Error is { } error && error.Contains("sequences 2 to 2", StringComparison.Ordinal)));
        (await bank.ReadTotalsAsync())["a"].Events.ShouldBe(1);
    }

    [Fact]
    public async Task An_emptied_stream_stops_the_relay_and_consumers_wait()
    {
        await using var bank = await BankHost.StartAsync(log, directory.Path);
        await bank.PayInAsync("a", 1);
        await bank.HasTotalAsync("a", 1, 1);
        await Eventually.ThatAsync("the reactor has it", async () => await bank.CountAsync("ledger") == 1);
        await Eventually.ThatAsync("confirmed", async () => (await bank.Monitor.GetStatusAsync(TestContext.Current.CancellationToken)).Outbox.Depth == 0);
        log.Recreate("accounts");
        await Eventually.ThatAsync("the relay is stopped and consumers wait", async () =>
        {
            var status = await bank.Monitor.GetStatusAsync(TestContext.Current.CancellationToken);
            return status.Outbox.State == "stopped" && status.Consumers.Where(row => row.Mark > 0).All(row => row.State == "unavailable" && row.Error!.Contains("Emptied", StringComparison.Ordinal));
        });
    }

    internal static EventEnvelope Copy(EventEnvelope source, string id, long sequence, string? producer = "same") => new()
    {
        Id = id,
        Type = source.Type,
        Source = source.Source,
        Key = source.Key,
        Time = source.Time,
        CommittedAt = source.CommittedAt,
        Producer = producer == "same" ? source.Producer : producer,
        Sequence = sequence,
        Data = source.Data,
    };
}
