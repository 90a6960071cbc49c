using Dapper;
using FlowPlatform.Storage;
using FlowPlatform.Stores;
using FlowPlatform.Tests.Runtime;

namespace FlowPlatform.Tests.Compliance.Stores;

public abstract partial class StoreCompliance
{
    [Fact]
    public async Task State_and_outbox_rows_commit_together_or_not_at_all()
    {
        await Should.ThrowAsync<InvalidOperationException>(() => Store.WriteAsync<bool>(
            async transaction =>
            {
                await transaction.ExecuteAsync("INSERT INTO greeting (id, text) VALUES ('1', 'lost')");
                transaction.Emit(new PaidIn("a", 1), Envelopes.Time);
                throw new InvalidOperationException("changed its mind");
            },
            Token));
        await EmitAsync("a", 2);
        (await CountAsync("greeting")).ShouldBe(0);
        (await CountAsync("flow_outbox")).ShouldBe(1);
        (await ScalarAsync(Store, "SELECT max(sequence) FROM flow_outbox")).ShouldBe(1);
    }

    [Fact]
    public async Task One_failed_unit_of_a_group_takes_no_other_with_it()
    {
        var gate = new TaskCompletionSource();
        var first = await HoldAsync(gate.Task);
        var units = Enumerable.Range(0, 50).Select(i => Store.WriteAsync(
            async transaction =>
            {
                await transaction.ExecuteAsync("INSERT INTO greeting (id, text) VALUES (@id, 'x')", new { id = $"{i}" });
                transaction.Emit(new PaidIn("a", i), Envelopes.Time);
                return i % 5 == 0 ? throw new InvalidOperationException() : i;
            },
            Token)).ToList();
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

        (await CountAsync("greeting")).ShouldBe(40);
        (await CountAsync("flow_outbox")).ShouldBe(40);
        (await ScalarAsync(Store, "SELECT sum(assigned) FROM flow_outbox_head")).ShouldBe(40);
    }

    [Fact]
    public async Task A_unit_whose_statement_fails_leaves_its_neighbours_before_and_after()
    {
        var gate = new TaskCompletionSource();
        var first = await HoldAsync(gate.Task);
        string[] ids = ["1", "2", "1", "3", "2", "4"];
        var units = ids.Select(id => WriteAsync("INSERT INTO greeting (id, text) VALUES (@id, 'x')", new { id })).ToList();
        gate.SetResult();
        await first;
        var fates = new List<bool>();
        foreach (var unit in units)
        {
            fates.Add(await unit.ContinueWith(static done => done.IsCompletedSuccessfully, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default));
        }

        fates.ShouldBe([true, true, false, true, false, true]);
        (await CountAsync("greeting")).ShouldBe(4);
    }

    [Fact]
    public async Task The_first_unit_of_a_group_may_fail_alone_too()
    {
        await WriteAsync("INSERT INTO greeting (id, text) VALUES ('1', 'x')");
        await Should.ThrowAsync<Exception>(() => WriteAsync("INSERT INTO greeting (id, text) VALUES ('1', 'y')"));
        (await EmitAsync("a", 1)).ShouldNotBeEmpty();
        (await CountAsync("greeting")).ShouldBe(1);
        (await CountAsync("flow_outbox")).ShouldBe(1);
    }

    [Fact]
    public async Task A_unit_sees_what_its_own_caller_has_at_hand_whoever_runs_it()
    {
        var user = new AsyncLocal<string>();
        var gate = new TaskCompletionSource();
        List<Task<string?>> units = [];
        for (var number = 0; number < 5; number++)
        {
            user.Value = $"user {number}";
            units.Add(Store.WriteAsync<string?>(
                async _ =>
                {
                    await gate.Task;
                    return user.Value;
                },
                Token));
        }

        gate.SetResult();
        (await Task.WhenAll(units)).ShouldBe(["user 0", "user 1", "user 2", "user 3", "user 4"]);
    }

    [Fact]
    public async Task A_cancelled_unit_that_waits_is_not_run_and_waits_no_longer()
    {
        using var cancel = new CancellationTokenSource();
        var gate = new TaskCompletionSource();
        var first = await HoldAsync(gate.Task);
        var second = EmitAsync("a", 1, cancel.Token);
        await cancel.CancelAsync();
        await Should.ThrowAsync<OperationCanceledException>(() => second);
        gate.SetResult();
        await first;
        await WriteAsync("INSERT INTO greeting (id, text) VALUES ('after', 'x')");
        (await CountAsync("flow_outbox")).ShouldBe(0);
    }

    [Fact]
    public async Task Units_without_keys_are_serial_and_those_with_keys_by_key()
    {
        string[] keys = ["x", "y", "z"];
        await WriteAsync("INSERT INTO greeting (id, text) VALUES ('x', '0'), ('y', '0'), ('z', '0')");
        await Task.WhenAll(Enumerable.Range(0, 150).Select(i => i % 10 == 0
            ? Store.WriteAsync(transaction => CountUpAsync(transaction, keys), Token)
            : Store.WriteAsync([keys[i % 3]], transaction => CountUpAsync(transaction, [keys[i % 3]]), Token)));
        await using var connection = await Store.OpenReadAsync(Token);
        var counts = await connection.QueryAsync<string>("SELECT text FROM greeting ORDER BY id");
        counts.Select(int.Parse).ShouldBe(keys.Select((_, index) => 15 + Enumerable.Range(0, 150).Count(i => i % 10 != 0 && i % 3 == index)));
    }

    [Fact]
    public async Task Units_with_several_keys_in_any_order_all_get_their_turn()
    {
        await WriteAsync("INSERT INTO greeting (id, text) VALUES ('x', '0'), ('y', '0')");
        await Task.WhenAll(Enumerable.Range(0, 60).Select(i =>
        {
            string[] keys = i % 2 == 0 ? ["x", "y", "x"] : ["y", "x"];
            return Store.WriteAsync(keys, transaction => CountUpAsync(transaction, ["x", "y"]), Token);
        }));
        (await ScalarAsync(Store, "SELECT count(*) FROM greeting WHERE text = '60'")).ShouldBe(2);
    }

    [Fact]
    public async Task Who_reads_sees_only_what_is_committed_and_can_write_nothing()
    {
        var gate = new TaskCompletionSource();
        var entered = new TaskCompletionSource();
        var unit = Store.WriteAsync(
            async transaction =>
            {
                await transaction.ExecuteAsync("INSERT INTO greeting (id, text) VALUES ('1', 'x')");
                entered.SetResult();
                await gate.Task;
                return 0;
            },
            Token);
        await entered.Task.WaitAsync(Token);
        (await CountAsync("greeting")).ShouldBe(0);
        gate.SetResult();
        await unit;
        (await CountAsync("greeting")).ShouldBe(1);
        await using var connection = await Store.OpenReadAsync(Token);
        await Should.ThrowAsync<Exception>(() => connection.ExecuteAsync("DELETE FROM greeting"));
        (await CountAsync("greeting")).ShouldBe(1);
    }

    [Fact]
    public async Task Units_that_wait_when_the_store_is_closed_are_done_and_later_ones_refused()
    {
        var gate = new TaskCompletionSource();
        var first = await HoldAsync(gate.Task);
        var waiting = EmitAsync("a", 1);
        var closing = CloseAsync();
        gate.SetResult();
        await Task.WhenAll(first, waiting, closing);
        await Should.ThrowAsync<ObjectDisposedException>(() => EmitAsync("a", 2));
        Store = await OpenAsync();
        (await CountAsync("flow_outbox")).ShouldBe(1);
    }

    [Fact]
    public async Task Amounts_are_exact_and_an_amount_that_is_not_storable_is_refused()
    {
        decimal[] amounts = [0.1m, 0.2m, -12345678.9012m, 10655622.484m];
        (await WriteAsync("INSERT INTO ledger (event_id, account, amount) VALUES (@id, 'a', @amount)", amounts.Select((amount, i) => new { id = $"{i}", amount }).ToList())).ShouldBe(4);
        await using var connection = await Store.OpenReadAsync(Token);
        (await connection.QueryAsync<decimal>("SELECT amount FROM ledger ORDER BY event_id")).ShouldBe(amounts);
        var sum = await connection.QuerySingleAsync<decimal>("SELECT sum(amount) FROM ledger");
        sum.ShouldBe(amounts.Sum());
        $"{sum}".ShouldBe("-1690056.1172");
        await Should.ThrowAsync<ArgumentException>(() => WriteAsync("INSERT INTO ledger (event_id, account, amount) VALUES ('x', 'a', @amount)", new { amount = 0.00001m }));
    }

    [Fact]
    public async Task Lists_mean_the_same_in_every_store()
    {
        var rows = Enumerable.Range(0, 10).Select(i => new { id = $"{i}", text = i % 2 == 0 ? "even" : null as string ?? "odd" }).ToList();
        (await WriteAsync("INSERT INTO greeting (id, text) VALUES (@id, @text)", rows)).ShouldBe(10);
        (await WriteAsync("UPDATE greeting SET text = 'none' WHERE id = @id", new List<object>())).ShouldBe(0);
        (await WriteAsync("DELETE FROM greeting WHERE id IN @ids", new { ids = new[] { "1", "2", "x" } })).ShouldBe(2);
        await using var connection = await Store.OpenReadAsync(Token);
        (await connection.QueryAsync<string>("SELECT id FROM greeting WHERE id IN @ids ORDER BY id", new { ids = new List<string> { "0", "1", "9" } })).ShouldBe(["0", "9"]);
    }

    [Fact]
    public async Task A_list_of_which_one_fails_fails_the_unit_as_a_whole()
    {
        await Should.ThrowAsync<Exception>(() => WriteAsync(
            "INSERT INTO greeting (id, text) VALUES (@id, 'x')", new[] { "1", "2", "1", "3" }.Select(id => new { id }).ToList()));
        (await CountAsync("greeting")).ShouldBe(0);
    }

    private static async ValueTask<int> CountUpAsync(StoreTransaction transaction, string[] ids)
    {
        foreach (var id in ids)
        {
            var text = await transaction.QuerySingleOrDefaultAsync<string>("SELECT text FROM greeting WHERE id = @id", new { id });
            var next = int.Parse(text!, System.Globalization.CultureInfo.InvariantCulture) + 1;
            await transaction.ExecuteAsync("UPDATE greeting SET text = @text WHERE id = @id", new { id, text = $"{next}" });
        }

        return 0;
    }
}
