using FlowPlatform.Log;
using FlowPlatform.Outbox;
using FlowPlatform.Tests.Runtime;
using FlowPlatform.Tests.Support;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace FlowPlatform.Tests.Identity;

/// <summary>A broker's crash loses what it had confirmed; relay, projection and reactor of a real service mend it among themselves.</summary>
public sealed class LostTailTests : IDisposable
{
    private static readonly PartitionId Partition = new("accounts", Partitioner.PartitionOf("a", 3));
    private readonly TemporaryDirectory directory = new();
    private readonly MemoryEventLog log = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => directory.Dispose();

    [Fact]
    public async Task A_tail_below_what_was_applied_is_published_again_and_applied_once_by_projection_and_reactor()
    {
        await using var bank = await StartAsync(20);
        log.CutTail(Partition, 8);
        await HasAllAsync(bank, 20);
        await bank.PayInAsync("a", 1);
        await AppliedAsync(bank, 21);
        await NothingStoppedAsync(bank);
        (await bank.Repair.ReadIncidentsAsync(Cancel)).ShouldContain(incident => incident.Kind == "lost-tail" && incident.Detail.Contains("Sequences 13 to 20 are published again", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Two_losses_in_a_row_the_second_deeper_are_mended()
    {
        await using var bank = await StartAsync(20);
        log.CutTail(Partition, 5);
        await HasAllAsync(bank, 20);
        log.CutTail(Partition, 15);
        await HasAllAsync(bank, 20);
        await bank.PayInAsync("a", 1);
        await AppliedAsync(bank, 21);
        await NothingStoppedAsync(bank);
    }

    [Fact]
    public async Task A_relay_that_restarts_while_a_tail_is_missing_publishes_it_and_consumers_wait_for_it()
    {
        await using (await StartAsync(20))
        {
        }

        // A third of the tail was stored again when the process ended.
        var again = log.Records(Partition).Skip(8).Take(4).Select(record => record.Event).ToArray();
        log.CutTail(Partition, 12);
        log.Append(Partition, again);
        await using (var reader = await StartConsumersOnlyAsync())
        {
            await Eventually.ThatAsync("totals waits for what is lost", async () =>
                (await reader.Monitor.GetStatusAsync(Cancel)).Consumers.Any(row => row.Consumer == "totals" && row.Partition == Partition.Index && row.State == "refilling"));
            var health = await reader.Monitor.CheckHealthAsync(new HealthCheckContext(), Cancel);
            health.Status.ShouldBe(HealthStatus.Degraded);
            health.Description!.ShouldContain("sequences 13 to 20");
        }

        await using var bank = await BankHost.StartAsync(log, directory.Path);
        await HasAllAsync(bank, 20);
        await bank.PayInAsync("a", 1);
        await AppliedAsync(bank, 21);
        await NothingStoppedAsync(bank);
    }

    [Fact]
    public async Task Events_of_a_new_store_that_come_in_before_the_lost_tail_disturb_nobody_who_has_applied_it()
    {
        await using (await StartAsync(20))
        {
        }

        var lost = log.Records(Partition).Skip(12).Select(record => record.Event).ToArray();
        log.CutTail(Partition, 8);
        log.Append(Partition, Envelopes.PaidIn("x1", 1, "bank/other"));
        log.Append(Partition, lost);
        await using var reader = await StartConsumersOnlyAsync();
        await reader.HasTotalAsync("a", 21, 21);
        (await reader.Repair.ReadIncidentsAsync(Cancel)).ShouldNotContain(incident => incident.Consumer == "totals", "the tail is back");
        log.Append(Partition, Envelopes.PaidIn("x2", 2, "bank/other"));
        await reader.HasTotalAsync("a", 22, 22);
    }

    [Fact]
    public async Task A_tail_that_never_comes_back_is_noted_by_who_has_applied_it()
    {
        await using (await StartAsync(20))
        {
        }

        log.CutTail(Partition, 8);
        log.Append(Partition, Envelopes.PaidIn("x1", 1, "bank/other"));
        await using var reader = await StartConsumersOnlyAsync();
        await reader.HasTotalAsync("a", 21, 21);
        await Eventually.ThatAsync("totals has noted it", async () => (await reader.Repair.ReadIncidentsAsync(Cancel)).Any(incident =>
            incident.Consumer == "totals" && incident.Detail.Contains("lost sequences 13 to 20", StringComparison.Ordinal) && incident.Detail.Contains("goes on with bank/other", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Consumers_of_an_emptied_log_wait_and_go_on_when_it_is_filled_again()
    {
        await using var bank = await StartAsync(6);
        log.Recreate("accounts");
        await Eventually.ThatAsync("totals waits", async () => (await bank.Monitor.GetStatusAsync(Cancel)).Consumers.Any(row =>
            row.Consumer == "totals" && row.Partition == Partition.Index && row.State == "unavailable" && row.Error!.Contains("Emptied", StringComparison.Ordinal)));
        await StoppedAsync(bank, OutboxIdentityCase.Vanished);

        var adoption = await bank.Repair.AdoptAsync("ann", "the stream was deleted by mistake", Cancel);

        (adoption.From == adoption.To, adoption.PublishedAgain).ShouldBe((true, 6));
        await HasAllAsync(bank, 6);
        await bank.PayInAsync("a", 1);
        await AppliedAsync(bank, 7);
        await NothingStoppedAsync(bank);
    }

    [Fact]
    public async Task What_is_lost_and_trimmed_is_announced_and_an_operator_lets_a_new_consumer_pass_while_the_service_runs()
    {
        await using (var bank = await StartAsync(10))
        {
            await bank.Store.Outbox.TrimAsync(Partition, 9, 100, Cancel);
        }

        log.CutTail(Partition, 5);
        File.Delete(Path.Combine(directory.Path, "totals.g1.db"));
        await using var again = await BankHost.StartAsync(log, directory.Path);
        await Eventually.ThatAsync("the new consumer has stopped at the gap", async () =>
            (await again.Monitor.GetStatusAsync(Cancel)).Consumers.Any(row => row.Consumer == "totals" && row.State == "stopped" && row.Error!.Contains("sequences 6 to 9", StringComparison.Ordinal)));
        (await again.ReadTotalsAsync())["a"].Events.ShouldBe(5, "what came before the gap is committed");
        (await Should.ThrowAsync<FlowPlatform.Hosting.RepairRefusedException>(() => again.Repair.AcceptGapAsync("thank-payers", Partition, "ann", "none", Cancel))).Unknown.ShouldBeFalse();

        var gap = await again.Repair.AcceptGapAsync("totals", Partition, "ann", "the events are gone", Cancel);

        (gap.Case, gap.From, gap.To).ShouldBe(("Hole", 6, 9));
        await again.PayInAsync("a", 1);
        await again.HasTotalAsync("a", 7, 7);
        (await again.Repair.ReadIncidentsAsync(Cancel)).ShouldContain(incident => incident.Consumer == "totals" && incident.Kind == "gap-accepted" && incident.Detail.Contains("ann: the events are gone", StringComparison.Ordinal));
        (await again.Store.Audit!.ReadAsync("totals", null, 10, Cancel)).Single().Action.ShouldBe("accept-gap");
        var health = await again.Monitor.CheckHealthAsync(new HealthCheckContext(), Cancel);
        health.Status.ShouldBe(HealthStatus.Degraded);
        health.Description!.ShouldContain("totals has noted");
    }

    private async Task<BankHost> StartAsync(int events)
    {
        var bank = await BankHost.StartAsync(log, directory.Path);
        for (var i = 0; i < events; i++)
        {
            await bank.PayInAsync("a", 1);
        }

        await AppliedAsync(bank, events);
        await Eventually.ThatAsync("confirmed and written down", async () => await bank.CountAsync("flow_outbox_head WHERE confirmed < assigned") == 0);
        return bank;
    }

    /// <summary>The relay can't publish for the time being.</summary>
    private Task<BankHost> StartConsumersOnlyAsync() => BankHost.StartAsync(new WithoutWriters(log), directory.Path);

    private Task HasAllAsync(BankHost bank, int events) => Eventually.ThatAsync(
        $"the log has 1 to {events}", () => log.Records(Partition).Select(record => record.Event.Sequence).SequenceEqual(Enumerable.Range(1, events).Select(i => (long)i)));

    private static async Task AppliedAsync(BankHost bank, int events)
    {
        await bank.HasTotalAsync("a", events, events);
        await Eventually.ThatAsync($"the reactor has applied {events}", async () => await bank.CountAsync("ledger") == events);
    }

    private static async Task NothingStoppedAsync(BankHost bank)
    {
        var status = await bank.Monitor.GetStatusAsync(Cancel);
        status.Outbox.State.ShouldNotBe("stopped");
        status.Consumers.ShouldAllBe(row => row.State != "stopped");
    }

    private static Task StoppedAsync(BankHost bank, OutboxIdentityCase identityCase) => Eventually.ThatAsync($"the relay has stopped: {identityCase}", async () =>
        (await bank.Monitor.GetStatusAsync(Cancel)).Outbox is { State: "stopped" } outbox && outbox.Error!.Contains($"({identityCase})", StringComparison.Ordinal));
}
