using Dapper;
using FlowPlatform.Hosting;
using FlowPlatform.Log;
using FlowPlatform.Storage;
using FlowPlatform.Storage.Sqlite;
using FlowPlatform.Stores;
using FlowPlatform.Tests.Runtime;
using FlowPlatform.Tests.Support;
using Microsoft.Data.Sqlite;

namespace FlowPlatform.Tests.Storage;

public sealed class StoreTests : IDisposable
{
    private static readonly PartitionId Partition = new("accounts", 0);
    private readonly TemporaryDirectory directory = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => directory.Dispose();

    [Fact]
    public async Task State_and_outbox_rows_commit_together_or_not_at_all()
    {
        await using var store = await OpenAsync();
        await Should.ThrowAsync<InvalidOperationException>(() => store.WriteAsync<bool>(
            async transaction =>
            {
                await transaction.ExecuteAsync("INSERT INTO greeting (id, text) VALUES ('1', 'lost')");
                transaction.Emit(new PaidIn("a", 1), Envelopes.Time);
                throw new InvalidOperationException("changed its mind");
            },
            Cancel));
        await EmitAsync(store, "a", 2);
        (await ScalarAsync(store, "SELECT count(*) FROM greeting")).ShouldBe(0);
        (await ScalarAsync(store, "SELECT count(*) FROM flow_outbox")).ShouldBe(1);
        (await ScalarAsync(store, "SELECT max(sequence) FROM flow_outbox")).ShouldBe(1);
    }

    [Fact]
    public async Task One_failed_unit_of_a_group_takes_no_other_with_it()
    {
        await using var store = await OpenAsync();
        var gate = new TaskCompletionSource();
        var first = store.WriteAsync(async _ => { await gate.Task; return 0; }, Cancel);
        var units = Enumerable.Range(0, 50).Select(i => store.WriteAsync(
            async transaction =>
            {
                await transaction.ExecuteAsync("INSERT INTO greeting (id, text) VALUES (@id, 'x')", new { id = $"{i}" });
                transaction.Emit(new PaidIn("a", i), Envelopes.Time);
                return i % 5 == 0 ? throw new InvalidOperationException() : i;
            },
            Cancel)).ToList();
        gate.SetResult();
        await first;
        foreach (var (unit, i) in units.Select((unit, i) => (unit, i)))
        {
            if (i % 5 == 0)
            {
                await Should.ThrowAsync<InvalidOperationException>(() => unit);
            }
            else
            {
                (await unit).ShouldBe(i);
            }
        }

        (await ScalarAsync(store, "SELECT count(*) FROM greeting")).ShouldBe(40);
        (await ScalarAsync(store, "SELECT count(*) FROM flow_outbox")).ShouldBe(40);
        (await ScalarAsync(store, "SELECT sum(assigned) FROM flow_outbox_head")).ShouldBe(40);
    }

    [Fact]
    public async Task A_unit_in_which_SQLite_rolls_back_fails_its_whole_group_and_nobody_waits_for_ever()
    {
        await using var store = await OpenAsync();
        var gate = new TaskCompletionSource();
        var first = store.WriteAsync(
            async transaction =>
            {
                await gate.Task;
                return await transaction.ExecuteAsync("INSERT INTO greeting (id, text) VALUES ('1', 'x')");
            },
            Cancel);
        var second = store.WriteAsync(async transaction => await transaction.ExecuteAsync("INSERT OR ROLLBACK INTO greeting (id, text) VALUES ('1', 'y')"), Cancel);
        gate.SetResult();
        (await Should.ThrowAsync<SqliteException>(() => second)).Message.ShouldContain("UNIQUE");
        await Should.ThrowAsync<SqliteException>(() => first);
        await EmitAsync(store, "a", 1);
        (await ScalarAsync(store, "SELECT count(*) FROM greeting")).ShouldBe(0);
    }

    [Fact]
    public async Task A_unit_sees_what_its_own_caller_has_at_hand_whoever_runs_it()
    {
        await using var store = await OpenAsync();
        var user = new AsyncLocal<string>();
        var gate = new TaskCompletionSource();
        List<Task<string?>> units = [];
        for (var number = 0; number < 5; number++)
        {
            user.Value = $"user {number}";
            units.Add(store.WriteAsync<string?>(
                async _ =>
                {
                    await gate.Task;
                    return user.Value;
                },
                Cancel));
        }

        gate.SetResult();
        (await Task.WhenAll(units)).ShouldBe(["user 0", "user 1", "user 2", "user 3", "user 4"]);
    }

    [Fact]
    public async Task A_cancelled_unit_that_waits_is_not_run()
    {
        await using var store = await OpenAsync();
        using var cancel = new CancellationTokenSource();
        var gate = new TaskCompletionSource();
        var first = store.WriteAsync(async _ => { await gate.Task; return 0; }, Cancel);
        var second = EmitAsync(store, "a", 1, cancel.Token);
        await cancel.CancelAsync();
        gate.SetResult();
        await first;
        await Should.ThrowAsync<OperationCanceledException>(() => second);
        (await ScalarAsync(store, "SELECT count(*) FROM flow_outbox")).ShouldBe(0);
    }

    [Fact]
    public async Task A_second_owner_of_the_directory_is_refused()
    {
        await using var store = await OpenAsync();
        await using var second = Create();
        (await Should.ThrowAsync<StoreInUseException>(() => second.OpenAsync(Cancel))).Message.ShouldContain($"process {Environment.ProcessId}");
    }

    [Fact]
    public async Task The_incarnation_stays_with_the_store_and_goes_with_it()
    {
        string producer;
        await using (var store = await OpenAsync())
        {
            producer = store.Outbox.Producer;
        }

        await using (var again = await OpenAsync())
        {
            again.Outbox.Producer.ShouldBe(producer);
        }

        File.Delete(Path.Combine(directory.Path, "main.db"));
        await using var fresh = await OpenAsync();
        fresh.Outbox.Producer.ShouldNotBe(producer);
    }

    [Fact]
    public async Task Amounts_are_exact_and_an_amount_that_is_not_storable_is_refused()
    {
        await using var store = await OpenAsync();
        decimal[] amounts = [0.1m, 0.2m, -12345678.9012m, 10655622.484m];
        await store.WriteAsync(
            async transaction => await transaction.ExecuteAsync("INSERT INTO ledger (event_id, account, amount) VALUES (@id, 'a', @amount)", amounts.Select((amount, i) => new { id = $"{i}", amount }).ToList()),
            Cancel);
        await using var connection = await store.OpenReadAsync(Cancel);
        (await connection.QueryAsync<decimal>("SELECT amount FROM ledger ORDER BY event_id")).ShouldBe(amounts);
        (await connection.QuerySingleAsync<decimal>("SELECT sum(amount) FROM ledger")).ShouldBe(amounts.Sum());
        await Should.ThrowAsync<ArgumentException>(() => store.WriteAsync(
            async transaction => await transaction.ExecuteAsync("INSERT INTO ledger (event_id, account, amount) VALUES ('x', 'a', @amount)", new { amount = 0.00001m }), Cancel));
    }

    [Fact]
    public async Task Trimming_keeps_unconfirmed_rows_and_the_newest_one()
    {
        await using var store = await OpenAsync();
        for (var i = 0; i < 10; i++)
        {
            await EmitAsync(store, "same-key", i);
        }

        var head = (await store.Outbox.ReadHeadsAsync(Cancel)).Single(candidate => candidate.Assigned == 10);
        var rows = await store.Outbox.ReadAsync(head.Partition, 0, 100, 1 << 20, Cancel);
        await store.Outbox.ConfirmAsync([new OutboxConfirm(head.Partition, 6, rows[5].Id)], Cancel);
        (await store.Outbox.TrimAsync(head.Partition, 100, 100, Cancel)).ShouldBe(6);
        (await store.Outbox.FindLowestAsync(head.Partition, Cancel)).ShouldBe(7);
        await store.Outbox.ConfirmAsync([new OutboxConfirm(head.Partition, 10, rows[9].Id)], Cancel);
        (await store.Outbox.TrimAsync(head.Partition, 100, 100, Cancel)).ShouldBe(3);
        (await store.Outbox.FindLowestAsync(head.Partition, Cancel)).ShouldBe(10);
    }

    [Fact]
    public async Task A_checkpoint_that_somebody_else_moved_is_not_moved()
    {
        await using var store = await OpenAsync();
        var read = new Checkpoint { Consumer = "c", Partition = Partition, Partitions = 1 };
        await store.WriteAsync(async transaction => { await store.Checkpoints.CreateAsync(transaction, read); return 0; }, Cancel);
        await MoveAsync(store, read, read with { NextOffset = 5, LastOffset = 4, LastEventId = "e", Mark = 5, Producer = "p/1" });
        await Should.ThrowAsync<OwnershipLostException>(() => MoveAsync(store, read, read with { NextOffset = 7 }));
        (await store.Checkpoints.LoadAsync("c", Cancel)).Single().Checkpoint.NextOffset.ShouldBe(5);
    }

    [Fact]
    public async Task A_checkpoint_comes_back_as_it_was_moved_with_anchors_newest_first_and_retired_marks()
    {
        await using var store = await OpenAsync();
        var read = new Checkpoint { Consumer = "c", Partition = Partition, Partitions = 1 };
        var to = read with { NextOffset = 5, LastOffset = 4, LastEventId = "e5", Mark = 5, Producer = "p/1", JoinedAt = 1, EventTime = Envelopes.Time, Applied = 5 };
        var later = to with { NextOffset = 9, LastOffset = 8, LastEventId = "x1", Mark = 1, Producer = "p/2", Applied = 6 };
        await store.WriteAsync(async transaction => { await store.Checkpoints.CreateAsync(transaction, read); return 0; }, Cancel);
        await MoveAsync(store, read, to, new Anchor(4, "e5", Envelopes.Time));
        await MoveAsync(store, to, later, new Anchor(8, "x1", Envelopes.Time.AddSeconds(10)));
        var state = (await store.Checkpoints.LoadAsync("c", Cancel)).Single();
        state.Checkpoint.ShouldBe(later);
        state.Anchors.Select(anchor => anchor.Offset).ShouldBe([8, 4]);
        state.RetiredMarks["p/1"].ShouldBe(5);
    }

    [Fact]
    public async Task Anchors_are_dense_for_the_outbox_retention_and_sparse_before_and_stay_few()
    {
        await using var store = await OpenAsync();
        var at = new Checkpoint { Consumer = "c", Partition = Partition, Partitions = 1 };
        await store.WriteAsync(async transaction => { await store.Checkpoints.CreateAsync(transaction, at); return 0; }, Cancel);
        for (var i = 1; i <= 1_000; i++)
        {
            var to = at with { NextOffset = i, LastOffset = i - 1, LastEventId = $"e{i}", Mark = i };
            await MoveAsync(store, at, to, new Anchor(i - 1, $"e{i}", Envelopes.Time.AddSeconds(10 * i)));
            at = to;
        }

        var anchors = (await store.Checkpoints.LoadAsync("c", Cancel)).Single().Anchors;
        anchors.Count.ShouldBeLessThanOrEqualTo(130);
        anchors.Count(anchor => anchor.CommittedAt >= Envelopes.Time.AddSeconds(10_000 - 900)).ShouldBe(91);
        anchors[^1].Offset.ShouldBe(0);
    }

    [Fact]
    public async Task A_migration_that_was_changed_after_it_was_applied_is_refused()
    {
        await using var store = await OpenAsync();
        await (await store.OpenGenerationAsync("things", [new Migration(1, "0001_things", "CREATE TABLE thing (id INTEGER)")], Cancel)).DisposeAsync();
        var changed = await Should.ThrowAsync<MigrationException>(
            () => store.OpenGenerationAsync("things", [new Migration(1, "0001_things", "CREATE TABLE thing (id INTEGER, name TEXT)")], Cancel));
        changed.Message.ShouldContain("was changed");
        var older = await Should.ThrowAsync<MigrationException>(() => store.OpenGenerationAsync("things", [], Cancel));
        older.Message.ShouldContain("older than the database");
    }

    [Fact]
    public async Task A_migration_that_fails_leaves_nothing_of_itself()
    {
        await using var store = await OpenAsync();
        var broken = new Migration(1, "0001_things", "CREATE TABLE thing (id INTEGER); CREATE TABLE thing (id INTEGER)");
        await Should.ThrowAsync<MigrationException>(() => store.OpenGenerationAsync("things", [broken], Cancel));
        await using var generation = await store.OpenGenerationAsync("things", [new Migration(1, "0001_things", "CREATE TABLE thing (id INTEGER)")], Cancel);
        await using var connection = await generation.OpenReadAsync(Cancel);
        (await connection.QuerySingleAsync<long>("SELECT count(*) FROM thing")).ShouldBe(0);
    }

    private static Task EmitAsync(IServiceStore store, string account, decimal amount, CancellationToken? cancel = null) =>
        store.WriteAsync(transaction => ValueTask.FromResult(transaction.Emit(new PaidIn(account, amount), Envelopes.Time)), cancel ?? Cancel);

    private static Task MoveAsync(IServiceStore store, Checkpoint from, Checkpoint to, Anchor? anchor = null) => store.WriteAsync(
        async transaction =>
        {
            await store.Checkpoints.MoveAsync(transaction, from, to, anchor);
            return true;
        },
        Cancel);

    private static async Task<long> ScalarAsync(IServiceStore store, string sql)
    {
        await using var connection = await store.OpenReadAsync(Cancel);
        return await connection.QuerySingleAsync<long>(sql);
    }

    private SqliteServiceStore Create()
    {
        var published = new PublishedStreams("bank");
        published.Add(typeof(AccountsEvent), new StreamDefinition("accounts", 3));
        return new SqliteServiceStore(directory.Path, typeof(StoreTests).Assembly, published, TimeProvider.System);
    }

    private async Task<SqliteServiceStore> OpenAsync()
    {
        var store = Create();
        await store.OpenAsync(Cancel);
        return store;
    }
}
