using Dapper;
using FlowPlatform.Storage;
using FlowPlatform.Stores;
using FlowPlatform.Tests.Runtime;
using Npgsql;

namespace FlowPlatform.Tests.Storage.Postgres;

/// <summary>What Postgres does to a transaction, and what becomes of its units: never half, never twice, and nobody waits for ever.</summary>
public sealed class PostgresFaultTests(PostgresFixture postgres) : PostgresTest(postgres)
{
    [Fact]
    public async Task A_connection_that_is_killed_before_the_commit_leaves_nothing_and_the_store_goes_on()
    {
        var store = await OpenAsync();
        var gate = new TaskCompletionSource();
        var entered = new TaskCompletionSource<int>();
        var victim = store.WriteAsync(
            async transaction =>
            {
                await InsertAsync(transaction, "1");
                transaction.Emit(new PaidIn("a", 1), Envelopes.Time);
                entered.SetResult(await ProcessIdAsync(transaction));
                await gate.Task;
                return await InsertAsync(transaction, "2");
            },
            Token);
        var process = await entered.Task.WaitAsync(Token);
        var waiting = GreetAsync(store, "3");
        await TerminateAsync(process);
        gate.SetResult();
        await Should.ThrowAsync<StoreBusyException>(() => victim);
        await waiting;
        await EmitAsync(store);
        (await CountAsync("greeting")).ShouldBe(1);
        (await CountAsync("flow_outbox")).ShouldBe(1);
    }

    [Fact]
    public async Task A_unit_that_says_nothing_of_its_dead_connection_is_not_told_that_it_is_done()
    {
        var store = await OpenAsync();
        var unit = store.WriteAsync(
            async transaction =>
            {
                await InsertAsync(transaction, "1");
                await TerminateAsync(await ProcessIdAsync(transaction));
                return true;
            },
            Token);
        await Should.ThrowAsync<StoreBusyException>(() => unit);
        (await CountAsync("greeting")).ShouldBe(0);
    }

    [Fact]
    public async Task A_connection_that_is_killed_in_the_commit_before_it_is_one_leaves_nothing()
    {
        var store = await OpenAsync();
        await StopCommitsAsync();
        await using var blocker = await ConnectAsync();
        await blocker.ExecuteAsync("SELECT pg_advisory_lock(4711)");
        var unit = GreetAsync(store, "1");
        await UntilAsync("SELECT EXISTS (SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND objid = 4711 AND NOT granted)");
        await TerminateAsync(await AskAsync<int>("SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND objid = 4711 AND NOT granted"));
        await Should.ThrowAsync<StoreBusyException>(() => unit);
        await blocker.ExecuteAsync("SELECT pg_advisory_unlock(4711)");
        (await CountAsync("greeting")).ShouldBe(0);
        await GreetAsync(store, "2");
        (await CountAsync("greeting")).ShouldBe(1);
    }

    [Fact]
    public async Task A_commit_whose_answer_is_lost_is_looked_up_and_done_once()
    {
        await using var proxy = new CuttingProxy(ConnectionString);
        var store = await OpenAsync(proxy.ConnectionString);
        await EmitAsync(store);
        var unit = store.WriteAsync(
            async transaction =>
            {
                await InsertAsync(transaction, "1");
                var id = transaction.Emit(new PaidIn("a", 2), Envelopes.Time);
                proxy.KeepAnswersBack();
                return id;
            },
            Token);
        await UntilAsync("SELECT EXISTS (SELECT 1 FROM greeting WHERE id = '1')");
        unit.IsCompleted.ShouldBeFalse();
        proxy.Cut();
        var emitted = await unit;
        var partition = (await store.Outbox.ReadHeadsAsync(Token)).Single().Partition;

        // Its sequence was in the lost answer: the relay finds the row in the table.
        (await store.Outbox.ReadAsync(partition, 1, 10, 1_000_000, Token)).Single().Id.ShouldBe(emitted);
        await EmitAsync(store, amount: 3);
        (await store.Outbox.ReadAsync(partition, 0, 10, 1_000_000, Token)).Select(row => row.Sequence).ShouldBe([1, 2, 3]);
        (await CountAsync("greeting")).ShouldBe(1);
    }

    [Fact]
    public async Task A_paused_unit_is_out_before_a_lease_could_end_and_writes_nothing_when_it_wakes()
    {
        var store = await OpenAsync();
        var gate = new TaskCompletionSource();
        var entered = new TaskCompletionSource<int>();
        var paused = store.WriteAsync(
            async transaction =>
            {
                await InsertAsync(transaction, "1");
                entered.SetResult(await ProcessIdAsync(transaction));
                await gate.Task;
                return await InsertAsync(transaction, "2");
            },
            Token);
        var process = await entered.Task.WaitAsync(Token);
        await UntilAsync("SELECT NOT EXISTS (SELECT 1 FROM pg_stat_activity WHERE pid = @process)", new { process });
        var other = await OpenAsync();
        await GreetAsync(other, "1");
        gate.SetResult();
        await Should.ThrowAsync<StoreBusyException>(() => paused);
        (await CountAsync("greeting")).ShouldBe(1);
    }

    [Fact]
    public async Task Of_two_units_that_lock_each_other_out_one_is_told_to_try_again()
    {
        var store = await OpenAsync();
        await GreetAsync(store, "1");
        await GreetAsync(store, "2");
        var both = new TaskCompletionSource();
        var entered = 0;
        var units = new[] { ("1", "2"), ("2", "1") }.Select(rows => store.WriteAsync(
            [rows.Item1],
            async transaction =>
            {
                await transaction.ExecuteAsync("UPDATE greeting SET text = 'y' WHERE id = @id", new { id = rows.Item1 });
                if (Interlocked.Increment(ref entered) == 2)
                {
                    both.SetResult();
                }

                await both.Task;
                return await transaction.ExecuteAsync("UPDATE greeting SET text = 'y' WHERE id = @id", new { id = rows.Item2 });
            },
            Token)).ToList();
        await Task.WhenAll(units).ContinueWith(static _ => { }, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
        units.Count(unit => unit.IsCompletedSuccessfully).ShouldBe(1);
        units.Single(unit => unit.IsFaulted).Exception!.InnerException.ShouldBeOfType<StoreBusyException>().Message.ShouldContain("40P01");
        await GreetAsync(store, "3");
    }

    [Fact]
    public async Task A_lock_that_somebody_keeps_is_waited_for_only_so_long_and_neighbours_are_done()
    {
        var store = await OpenAsync();
        await GreetAsync(store, "1");
        await using var other = await ConnectAsync();
        await using var holding = await other.BeginTransactionAsync(Token);
        await other.ExecuteAsync("UPDATE greeting SET text = 'mine' WHERE id = '1'");
        var gate = new TaskCompletionSource();
        var first = store.WriteAsync(
            async transaction =>
            {
                await gate.Task;
                return await InsertAsync(transaction, "2");
            },
            Token);
        var blocked = store.WriteAsync(async transaction => await transaction.ExecuteAsync("UPDATE greeting SET text = 'yours' WHERE id = '1'"), Token);
        gate.SetResult();
        (await Should.ThrowAsync<StoreBusyException>(() => blocked)).Message.ShouldContain("55P03");
        await first;
        await holding.RollbackAsync(Token);
        (await AskAsync<string>("SELECT text FROM greeting WHERE id = '1'")).ShouldBe("x");
        (await CountAsync("greeting")).ShouldBe(2);
    }

    [Theory]
    [InlineData("40001", true)]
    [InlineData("55P03", true)]
    [InlineData("53100", false)]
    [InlineData("53200", false)]
    public async Task What_passes_is_busy_and_where_the_server_is_out_of_room_for_the_whole_group(string state, bool alone)
    {
        var store = await OpenAsync();
        var gate = new TaskCompletionSource();
        var first = store.WriteAsync(
            async transaction =>
            {
                await gate.Task;
                return await InsertAsync(transaction, "1");
            },
            Token);
        var failing = store.WriteAsync(async transaction => await transaction.ExecuteAsync($"DO $$ BEGIN RAISE EXCEPTION 'no more' USING ERRCODE = '{state}'; END $$"), Token);
        gate.SetResult();
        (await Should.ThrowAsync<StoreBusyException>(() => failing)).Message.ShouldBe($"Postgres can't do it now ({state}): no more.");
        if (alone)
        {
            await first;
        }
        else
        {
            await Should.ThrowAsync<StoreBusyException>(() => first);
        }

        (await CountAsync("greeting")).ShouldBe(alone ? 1 : 0);
        await GreetAsync(store, "2");
    }

    [Fact]
    public async Task A_commit_that_is_refused_fails_all_its_units_and_leaves_nothing()
    {
        var store = await OpenAsync();
        await using (var connection = await ConnectAsync())
        {
            await connection.ExecuteAsync("ALTER TABLE ledger ADD CONSTRAINT later UNIQUE (account) DEFERRABLE INITIALLY DEFERRED");
        }

        var gate = new TaskCompletionSource();
        var first = store.WriteAsync(
            async transaction =>
            {
                await gate.Task;
                return await InsertAsync(transaction, "1");
            },
            Token);
        var second = store.WriteAsync(async transaction => await transaction.ExecuteAsync("INSERT INTO ledger (event_id, account, amount) VALUES ('1', 'a', 1), ('2', 'a', 1)"), Token);
        gate.SetResult();
        (await Should.ThrowAsync<PostgresException>(() => second)).SqlState.ShouldBe(PostgresErrorCodes.UniqueViolation);
        await Should.ThrowAsync<PostgresException>(() => first);
        (await CountAsync("greeting")).ShouldBe(0);
        await GreetAsync(store, "2");
    }

    [Fact]
    public async Task A_unit_that_goes_on_after_a_failed_statement_is_not_committed_and_is_told_why()
    {
        var store = await OpenAsync();
        await GreetAsync(store, "1");
        var gate = new TaskCompletionSource();
        var before = store.WriteAsync(
            async transaction =>
            {
                await gate.Task;
                return await InsertAsync(transaction, "2");
            },
            Token);
        var swallowing = store.WriteAsync(
            async transaction =>
            {
                await Should.ThrowAsync<PostgresException>(async () => await InsertAsync(transaction, "1"));
                return true;
            },
            Token);
        var after = GreetAsync(store, "3");
        gate.SetResult();
        (await Should.ThrowAsync<InvalidOperationException>(() => swallowing)).Message.ShouldContain("went on after a statement");
        await Task.WhenAll(before, after);
        (await CountAsync("greeting")).ShouldBe(3);
    }

    [Fact]
    public async Task Reading_from_a_server_that_went_away_is_busy_and_works_again_later()
    {
        await using var proxy = new CuttingProxy(ConnectionString);
        var store = await OpenAsync(proxy.ConnectionString);
        await GreetAsync(store, "1");
        await using (var connection = await store.OpenReadAsync(Token))
        {
            await TerminateAsync(await connection.QuerySingleAsync<int>("SELECT pg_backend_pid()"));
            await Should.ThrowAsync<StoreBusyException>(() => connection.QueryAsync<string>("SELECT id FROM greeting"));
        }

        proxy.Refusing = true;
        await using (var own = await ConnectAsync())
        {
            await own.ExecuteAsync("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND application_name LIKE 'bank main%'");
        }

        await Should.ThrowAsync<StoreBusyException>(async () =>
        {
            // The pool may not have noticed yet of one of its connections.
            for (var number = 0; number < 20; number++)
            {
                await using var connection = await store.OpenReadAsync(Token);
                await connection.QueryAsync<string>("SELECT id FROM greeting");
            }
        });
        await Should.ThrowAsync<StoreBusyException>(() => GreetAsync(store, "2"));
        proxy.Refusing = false;
        await GreetAsync(store, "3");
        (await CountAsync("greeting")).ShouldBe(2);
    }

    /// <summary>From here on a commit of a greeting waits for lock 4711.</summary>
    private async Task StopCommitsAsync()
    {
        await using var connection = await ConnectAsync();
        await connection.ExecuteAsync(
            """
            CREATE FUNCTION wait_for_lock() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_advisory_xact_lock_shared(4711); RETURN NULL; END $$;
            CREATE CONSTRAINT TRIGGER stop AFTER INSERT ON greeting DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION wait_for_lock()
            """);
    }
}
