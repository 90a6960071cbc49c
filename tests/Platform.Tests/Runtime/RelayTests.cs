using Dapper;
using FlowPlatform.Log;
using FlowPlatform.Outbox;
using FlowPlatform.Storage.Sqlite;
using FlowPlatform.Stores;
using FlowPlatform.Tests.Support;
using Microsoft.Data.Sqlite;

namespace FlowPlatform.Tests.Runtime;

public sealed class RelayTests : IDisposable
{
    private readonly TemporaryDirectory directory = new();
    private readonly MemoryEventLog log = new();

    private string Database => Path.Combine(directory.Path, "main.db");

    private PartitionId Partition => new("accounts", Partitioner.PartitionOf("a", 3));

    public void Dispose() => directory.Dispose();

    [Fact]
    public async Task A_restored_backup_that_the_log_is_ahead_of_is_refused()
    {
        await PayAsync(5);
        File.Copy(Database, Database + ".backup");
        await PayAsync(5);
        File.Copy(Database + ".backup", Database, overwrite: true);
        await using var bank = await BankHost.StartAsync(log, directory.Path);
        await StopsAsync(bank, "older backup");
        log.Records(Partition).Count.ShouldBe(10);
    }

    [Fact]
    public async Task A_restored_backup_that_has_decided_anew_is_refused()
    {
        var published = new PublishedStreams("bank");
        var stream = new StreamDefinition("accounts", 3);
        published.Add(typeof(AccountsEvent), stream);
        await using var store = new SqliteServiceStore(directory.Path, typeof(RelayTests).Assembly, published, TimeProvider.System);
        await store.OpenAsync(TestContext.Current.CancellationToken);
        await store.WriteAsync(transaction => ValueTask.FromResult(transaction.Emit(new PaidIn("a", 1), Envelopes.Time)), TestContext.Current.CancellationToken);
        await log.EnsureStreamAsync(stream, TestContext.Current.CancellationToken);
        log.Append(Partition, Envelopes.PaidIn("another", 1, store.Outbox.Producer));
        var relay = new PartitionRelay(log, store.Outbox, stream, new OutboxHead(Partition, 1, 0, null), TimeProvider.System);
        (await Should.ThrowAsync<OutboxIdentityException>(() => relay.RunAsync(TestContext.Current.CancellationToken))).Message.ShouldContain("has decided anew");
        log.Records(Partition).Count.ShouldBe(1);
    }

    [Fact]
    public async Task A_restored_backup_that_has_decided_anew_is_refused_though_its_last_event_is_the_logs()
    {
        var published = new PublishedStreams("bank");
        var stream = new StreamDefinition("accounts", 3);
        published.Add(typeof(AccountsEvent), stream);
        await using var store = new SqliteServiceStore(directory.Path, typeof(RelayTests).Assembly, published, TimeProvider.System);
        await store.OpenAsync(TestContext.Current.CancellationToken);
        List<string> decided = [];
        for (var number = 1; number <= 4; number++)
        {
            decided.Add(await store.WriteAsync(transaction => ValueTask.FromResult(transaction.Emit(new PaidIn("a", number), Envelopes.Time)), TestContext.Current.CancellationToken));
        }

        // A reactor decides the same under the same ids, in whichever order it reads; what was decided from outside comes before or after it.
        await log.EnsureStreamAsync(stream, TestContext.Current.CancellationToken);
        log.Append(Partition, Envelopes.PaidIn(decided[0], 1, store.Outbox.Producer), Envelopes.PaidIn(decided[2], 2, store.Outbox.Producer), Envelopes.PaidIn("lost", 3, store.Outbox.Producer));
        log.Append(Partition, Envelopes.PaidIn(decided[3], 4, store.Outbox.Producer));
        var relay = new PartitionRelay(log, store.Outbox, stream, new OutboxHead(Partition, 1, 1, decided[0]), TimeProvider.System);
        var refused = await Should.ThrowAsync<OutboxIdentityException>(() => relay.RunAsync(TestContext.Current.CancellationToken).WaitAsync(TimeSpan.FromSeconds(30)));
        refused.Message.ShouldContain("at sequence 2");
        log.Records(Partition).Count.ShouldBe(4);
    }

    [Theory]
    [InlineData(2)]
    [InlineData(9)]
    public async Task A_restored_backup_that_has_decided_anew_is_refused_though_others_have_written_in_between(int others)
    {
        var published = new PublishedStreams("bank");
        var stream = new StreamDefinition("accounts", 3);
        published.Add(typeof(AccountsEvent), stream);
        await using var store = new SqliteServiceStore(directory.Path, typeof(RelayTests).Assembly, published, TimeProvider.System);
        await store.OpenAsync(TestContext.Current.CancellationToken);
        List<string> decided = [];
        for (var number = 1; number <= 3; number++)
        {
            decided.Add(await store.WriteAsync(transaction => ValueTask.FromResult(transaction.Emit(new PaidIn("a", number), Envelopes.Time)), TestContext.Current.CancellationToken));
        }

        // Where it is looked for by offset, the one that differs is behind those of others.
        await log.EnsureStreamAsync(stream, TestContext.Current.CancellationToken);
        log.Append(Partition, Envelopes.PaidIn(decided[0], 1, store.Outbox.Producer), Envelopes.PaidIn("lost", 2, store.Outbox.Producer));
        log.Append(Partition, [.. Enumerable.Range(0, others).Select(number => Envelopes.PaidIn($"other {number}", number % 2 == 0 ? 0 : number, number % 2 == 0 ? null : "teller/1"))]);
        log.Append(Partition, Envelopes.PaidIn(decided[2], 3, store.Outbox.Producer));
        var relay = new PartitionRelay(log, store.Outbox, stream, new OutboxHead(Partition, 1, 1, decided[0]), TimeProvider.System);
        var refused = await Should.ThrowAsync<OutboxIdentityException>(() => relay.RunAsync(TestContext.Current.CancellationToken).WaitAsync(TimeSpan.FromSeconds(30)));
        refused.Message.ShouldContain("at sequence 2");
        log.Records(Partition).Count.ShouldBe(3 + others);
    }

    [Fact]
    public async Task What_another_replica_publishes_during_the_look_is_not_missed_in_the_log()
    {
        var published = new PublishedStreams("bank");
        var stream = new StreamDefinition("accounts", 3);
        published.Add(typeof(AccountsEvent), stream);
        await using var store = new SqliteServiceStore(directory.Path, typeof(RelayTests).Assembly, published, TimeProvider.System);
        await store.OpenAsync(TestContext.Current.CancellationToken);
        var id = await store.WriteAsync(transaction => ValueTask.FromResult(transaction.Emit(new PaidIn("a", 1), Envelopes.Time)), TestContext.Current.CancellationToken);
        await log.EnsureStreamAsync(stream, TestContext.Current.CancellationToken);
        log.AfterReadLastOf = async () =>
        {
            log.AfterReadLastOf = null;
            log.Append(Partition, Envelopes.PaidIn(id, 1, store.Outbox.Producer));
            await store.Outbox.ConfirmAsync([new OutboxConfirm(Partition, 1, id)], TestContext.Current.CancellationToken);
        };
        var standing = await new OutboxRecognition(log, store.Outbox, Partition).LookAsync(new OutboxConfirm(Partition, 0, ""), TestContext.Current.CancellationToken);
        standing.TailLost.ShouldBeFalse();
    }

    [Fact]
    public async Task Rows_that_are_stored_but_whose_confirm_was_not_written_down_are_not_stored_twice()
    {
        await PayAsync(5);
        await ExecuteAsync("UPDATE flow_outbox_head SET confirmed = 2, confirmed_id = (SELECT event_id FROM flow_outbox WHERE stream = 'accounts' AND sequence = 2) WHERE stream = 'accounts'");
        await PayAsync(1);
        log.Records(Partition).Select(record => record.Event.Sequence).ShouldBe([1, 2, 3, 4, 5, 6]);
    }

    [Fact]
    public async Task A_lost_tail_whose_rows_were_trimmed_is_announced_and_noted_by_who_has_applied_it()
    {
        await PayAsync(10);
        await ExecuteAsync("DELETE FROM flow_outbox WHERE stream = 'accounts' AND sequence < 10");
        log.CutTail(Partition, 5);
        await using var bank = await BankHost.StartAsync(log, directory.Path);
        await Eventually.ThatAsync("gap and newest row are in the log", () => log.Records(Partition).Count == 7);
        log.Records(Partition).Select(record => record.Event.Sequence).ShouldBe([1, 2, 3, 4, 5, 9, 10]);
        log.Records(Partition)[5].Event.Type.ShouldBe("flow.gap");
        await bank.PayInAsync("a", 1);
        await bank.HasTotalAsync("a", 11, 11);
        await Eventually.ThatAsync("the reactor has noted the gap", async () => await bank.CountAsync("flow_incident WHERE consumer = 'thank-payers' AND kind = 'gap'") == 1);
        (await bank.CountAsync("flow_incident WHERE consumer = 'outbox' AND kind = 'lost-tail'")).ShouldBe(1);
        await bank.DisposeAsync();

        // A consumer that comes later can never get those events.
        File.Delete(Path.Combine(directory.Path, "totals.g1.db"));
        await using var fresh = await BankHost.StartAsync(log, directory.Path);
        await Eventually.ThatAsync("the new consumer stops at the gap", async () =>
            (await fresh.Monitor.GetStatusAsync(TestContext.Current.CancellationToken)).Consumers.Any(row => row.Consumer == "totals" && row.Error?.Contains("sequences 6 to 9", StringComparison.Ordinal) == true));
    }

    [Fact]
    public async Task A_deleted_store_is_a_new_producer_and_loses_nothing_silently()
    {
        await PayAsync(5);
        Directory.Delete(directory.Path, recursive: true);
        await using var bank = await BankHost.StartAsync(log, directory.Path);
        await bank.PayInAsync("a", 1);
        await bank.HasTotalAsync("a", 6, 6);
        log.Records(Partition).Select(record => record.Event.Producer).Distinct().Count().ShouldBe(2);
    }

    private static async Task StopsAsync(BankHost bank, string reason) => await Eventually.ThatAsync($"the relay has stopped: {reason}", async () =>
    {
        var outbox = (await bank.Monitor.GetStatusAsync(TestContext.Current.CancellationToken)).Outbox;
        return outbox.State == "stopped" && outbox.Error!.Contains(reason, StringComparison.Ordinal);
    });

    private async Task PayAsync(int times)
    {
        await using var bank = await BankHost.StartAsync(log, directory.Path);
        for (var i = 0; i < times; i++)
        {
            await bank.PayInAsync("a", 1);
        }

        await Eventually.ThatAsync("everything is published, confirmed and written down", async () => await bank.CountAsync("flow_outbox_head WHERE confirmed < assigned") == 0);
        var expected = log.Records(Partition).Count;
        await Eventually.ThatAsync("totals has all", async () => (await bank.ReadTotalsAsync()).GetValueOrDefault("a").Events == expected);
    }

    private async Task ExecuteAsync(string sql)
    {
        await using var connection = new SqliteConnection($"Data Source={Database};Pooling=False");
        await connection.OpenAsync(TestContext.Current.CancellationToken);
        await connection.ExecuteAsync(sql);
    }
}
