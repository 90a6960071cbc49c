using FlowPlatform.Hosting;
using FlowPlatform.Log;
using FlowPlatform.Outbox;
using FlowPlatform.Storage.Sqlite;
using FlowPlatform.Stores;
using FlowPlatform.Tests.Runtime;
using FlowPlatform.Tests.Support;

namespace FlowPlatform.Tests.Identity;

/// <summary>The producer's store was restored, deleted or copied: what is named, what an operator does, and that nothing takes effect twice.</summary>
public sealed class AdoptTests : IDisposable
{
    private static readonly PartitionId Partition = new("accounts", Partitioner.PartitionOf("a", 3));
    private static readonly PartitionId Thanks = new("thanks", Partitioner.PartitionOf("a", 2));
    private readonly TemporaryDirectory directory = new();
    private readonly MemoryEventLog log = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private string Database => Path.Combine(directory.Path, "main.db");

    public void Dispose() => directory.Dispose();

    [Fact]
    public async Task A_restored_producer_adopts_the_log_goes_on_under_a_new_name_and_its_reactor_emits_nothing_twice()
    {
        await RunAsync(5);
        File.Copy(Database, Database + ".backup");
        await RunAsync(5);
        var thanks = Ids(Thanks);
        thanks.Count.ShouldBe(20, "ten thanks and ten greetings");
        File.Copy(Database + ".backup", Database, overwrite: true);
        await using var bank = await BankHost.StartAsync(log, directory.Path);
        await StoppedAsync(bank, OutboxIdentityCase.LogAhead);
        await bank.PayInAsync("a", 100);

        var adoption = await bank.Repair.AdoptAsync("ann", "restored from the backup of 08:00", Cancel);

        adoption.To.ShouldNotBe(adoption.From);
        adoption.Beyond.ShouldBeInRange(5, 15, "five payments; of thanks and greetings those that the reactor has not decided again in the same order by now");
        await bank.HasTotalAsync("a", 110, 11);
        await Eventually.ThatAsync("the reactor has decided again, and about the new payment", async () => await bank.CountAsync("ledger") == 11);
        await Eventually.ThatAsync("the log has the new payment's thanks and greeting", () => Ids(Thanks).Count == 22);
        Ids(Thanks).ShouldBeUnique("what was decided again was not published again");
        log.Records(Partition)[^1].Event.ShouldSatisfyAllConditions(newest => newest.Producer.ShouldBe(adoption.To), newest => newest.Sequence.ShouldBe(1));
        (await bank.Store.Audit!.ReadAsync(null, null, 10, Cancel)).Single().Action.ShouldBe("adopt");
        (await bank.Repair.ReadIncidentsAsync(Cancel)).ShouldContain(incident => incident.Kind == "adopted");
        await bank.DisposeAsync();

        // It goes on so after a restart.
        await using var again = await BankHost.StartAsync(log, directory.Path);
        await again.PayInAsync("a", 1);
        await again.HasTotalAsync("a", 111, 12);
    }

    [Fact]
    public async Task A_new_store_on_the_log_of_an_earlier_one_adopts_it_by_itself()
    {
        await RunAsync(5);
        Directory.Delete(directory.Path, recursive: true);
        await using var bank = await BankHost.StartAsync(log, directory.Path);
        await bank.PayInAsync("a", 1);
        await bank.HasTotalAsync("a", 6, 6);
        await Eventually.ThatAsync("the log has the new payment's thanks and greeting", () => Ids(Thanks).Count == 12);
        Ids(Thanks).ShouldBeUnique("the new store's reactor decided again, and the log had it");
        (await bank.Monitor.GetStatusAsync(Cancel)).Outbox.Incidents.ShouldBe(1);
    }

    [Fact]
    public async Task Another_store_of_the_same_service_is_noticed_when_the_first_one_looks_again()
    {
        await RunAsync(3);
        var first = log.Records(Partition)[0].Event.Producer!;
        log.Append(Partition, Envelopes.PaidIn("x1", 1, "bank/other"));
        await using var bank = await BankHost.StartAsync(log, directory.Path);
        await StoppedAsync(bank, OutboxIdentityCase.AnotherStore);
        var adoption = await bank.Repair.AdoptAsync("ann", "the other one is stopped", Cancel);
        (adoption.From, adoption.Beyond).ShouldBe((first, 1));
        await bank.PayInAsync("a", 1);
        await bank.HasTotalAsync("a", 5, 5);
    }

    [Fact]
    public async Task A_copy_that_publishes_too_is_noticed_before_a_row_is_trimmed()
    {
        await using var bank = await StartAsync(3);
        var relay = Relay(bank);

        // The copy was confirmed sequence 4; this store's own is dropped by the log, and confirmed.
        log.Append(Partition, Envelopes.PaidIn("the copy's", 4, bank.Store.Outbox.Producer));
        await bank.PayInAsync("a", 1);
        await Eventually.ThatAsync("confirmed", () => relay.Confirmed.Sequence == 4);
        (await Should.ThrowAsync<OutboxIdentityException>(() => relay.TrimAsync(3, 100, Cancel))).Case.ShouldBe(OutboxIdentityCase.Diverged);
        (await bank.CountAsync("flow_outbox WHERE stream = 'accounts'")).ShouldBe(4);
    }

    [Fact]
    public async Task Nothing_is_trimmed_that_the_log_has_lost()
    {
        await using var bank = await StartAsync(6);
        var relay = Relay(bank);
        log.CutTail(Partition, 4);
        await Eventually.ThatAsync("it is back", () => log.Records(Partition).Count == 6 && !relay.Refilling);
        relay.Losses.ShouldBe(1);
        (await relay.TrimAsync(3, 100, Cancel)).ShouldBe(3);
    }

    [Fact]
    public async Task What_the_log_has_beyond_a_store_is_found_behind_a_gap_and_the_events_of_others()
    {
        var published = new PublishedStreams("bank");
        var stream = new StreamDefinition("accounts", 3);
        published.Add(typeof(AccountsEvent), stream);
        await using var store = new SqliteServiceStore(directory.Path, typeof(AdoptTests).Assembly, published, TimeProvider.System);
        await store.OpenAsync(Cancel);
        List<string> decided = [];
        for (var number = 1; number <= 10; number++)
        {
            decided.Add(await store.WriteAsync(transaction => ValueTask.FromResult(transaction.Emit(new PaidIn("a", number), Envelopes.Time)), Cancel));
        }

        // The log had lost 1 to 9 when their rows were gone; so its sequences are at lower offsets than they would have without a gap.
        await store.Outbox.ConfirmAsync([new OutboxConfirm(Partition, 10, decided[9])], Cancel);
        await store.Outbox.TrimAsync(Partition, 9, 100, Cancel);
        await log.EnsureStreamAsync(stream, Cancel);
        log.Append(Partition, Envelopes.Gap(1, 9, store.Outbox.Producer), Envelopes.PaidIn(decided[9], 10, store.Outbox.Producer), Envelopes.PaidIn("beyond 1", 11, store.Outbox.Producer));
        log.Append(Partition, [.. Enumerable.Range(1, 20).Select(number => Envelopes.PaidIn($"other {number}", 0, null))]);
        log.Append(Partition, Envelopes.PaidIn("beyond 2", 12, store.Outbox.Producer));

        var adoption = await new OutboxAdopter(log, store.Outbox, published, TimeProvider.System).AdoptAsync(anew: false, Cancel);

        (adoption.Beyond, adoption.PublishedAgain).ShouldBe((2, 0));
        adoption.To.ShouldNotBe(adoption.From);
        (await store.Outbox.ReadAsync(Partition, 0, 100, 1 << 20, Cancel)).ShouldBeEmpty("the log has sequence 10: under a new name it would take effect twice");
    }

    [Fact]
    public async Task There_is_nothing_to_adopt_while_outbox_and_log_fit()
    {
        await using var bank = await StartAsync(1);
        (await Should.ThrowAsync<RepairRefusedException>(() => bank.Repair.AdoptAsync("ann", "why not", Cancel))).Message.ShouldContain("the outbox fits the log");
        (await Should.ThrowAsync<RepairRefusedException>(() => bank.Repair.AcceptGapAsync("totals", Partition, "ann", "why not", Cancel))).Message.ShouldContain("nothing to accept");
        (await Should.ThrowAsync<RepairRefusedException>(() => bank.Repair.AcceptGapAsync("nobody", Partition, "ann", "why not", Cancel))).Unknown.ShouldBeTrue();
    }

    [Fact]
    public async Task A_stream_that_was_created_anew_and_written_by_a_new_store_is_accepted_and_read_from_its_beginning()
    {
        await RunAsync(3);
        log.Recreate("accounts");
        log.Append(Partition, Envelopes.PaidIn("x1", 1, "other/1"), Envelopes.PaidIn("x2", 2, "other/1"));
        await using var bank = await BankHost.StartAsync(log, directory.Path);
        await Eventually.ThatAsync("totals has stopped", async () =>
            (await bank.Monitor.GetStatusAsync(Cancel)).Consumers.Any(row => row.Consumer == "totals" && row.State == "stopped" && row.Error!.Contains("does not recognise", StringComparison.Ordinal)));
        var gap = await bank.Repair.AcceptGapAsync("totals", Partition, "ann", "the old stream is gone", Cancel);
        (gap.From, gap.To).ShouldBe((null, null));
        await bank.HasTotalAsync("a", 5, 5);
    }

    private static PartitionRelay Relay(BankHost bank) => bank.Runtime.Relay!.Relays.Single(relay => relay.Partition == Partition);

    private static Task StoppedAsync(BankHost bank, OutboxIdentityCase identityCase) => Eventually.ThatAsync($"the relay has stopped: {identityCase}", async () =>
        (await bank.Monitor.GetStatusAsync(Cancel)).Outbox is { State: "stopped" } outbox && outbox.Error!.Contains($"({identityCase})", StringComparison.Ordinal));

    private List<string> Ids(PartitionId partition) => [.. log.Records(partition).Select(record => record.Event.Id)];

    private async Task RunAsync(int payments)
    {
        await using var bank = await StartAsync(payments);
    }

    private async Task<BankHost> StartAsync(int payments)
    {
        var bank = await BankHost.StartAsync(log, directory.Path);
        var before = log.Records(Partition).Count;
        for (var i = 0; i < payments; i++)
        {
            await bank.PayInAsync("a", 1);
        }

        await bank.HasTotalAsync("a", before + payments, before + payments);
        await Eventually.ThatAsync("every payment is thanked for and greeted", () => log.Records(Thanks).Count == 2 * (before + payments));
        await Eventually.ThatAsync("confirmed and written down", async () => await bank.CountAsync("flow_outbox_head WHERE confirmed < assigned") == 0);
        return bank;
    }
}
