using Dapper;
using FlowPlatform.Events;
using FlowPlatform.Log;
using FlowPlatform.Storage;
using FlowPlatform.Stores;
using FlowPlatform.Tests.Runtime;

namespace FlowPlatform.Tests.Storage.Postgres;

/// <summary>Several replicas of a service on one database.</summary>
public sealed class PostgresReplicaTests(PostgresFixture postgres) : PostgresTest(postgres)
{
    private static readonly PartitionId Partition = new("accounts", Partitioner.PartitionOf("a", 3));

    [Fact]
    public async Task Replicas_that_open_at_the_same_time_migrate_once_and_have_one_incarnation()
    {
        var stores = Enumerable.Range(0, 6).Select(_ => Create()).ToList();
        await Task.WhenAll(stores.Select(store => Task.Run(() => store.OpenAsync(Token), Token)));
        stores.Select(store => store.Outbox.Producer).Distinct().Count().ShouldBe(1);
        var generations = await Task.WhenAll(stores.Select(store => store.OpenGenerationAsync("things", [new Migration(1, "0001_things", "CREATE TABLE thing (id integer)")], Token)));
        await Task.WhenAll(generations.Select((generation, i) => generation.WriteAsync(async transaction => await transaction.ExecuteAsync("INSERT INTO thing (id) VALUES (@i)", new { i }), Token)));
        (await CountAsync("things_g1.thing")).ShouldBe(6);
        (await CountAsync("things_g1.flow_migration WHERE scope = 'things'")).ShouldBe(1);
        (await CountAsync("flow_generation")).ShouldBe(1);
        (await CountAsync("flow_meta WHERE key = 'incarnation'")).ShouldBe(1);
    }

    [Fact]
    public async Task Units_of_replicas_are_serial_and_with_keys_they_run_beside_each_other()
    {
        var one = await OpenAsync();
        var two = await OpenAsync();
        var gate = new TaskCompletionSource();
        var entered = new TaskCompletionSource();
        var holding = one.WriteAsync(
            ["stock/1", "stock/2"],
            async transaction =>
            {
                entered.SetResult();
                await gate.Task;
                return await InsertAsync(transaction, "first");
            },
            Token);
        await entered.Task.WaitAsync(Token);
        (await two.WriteAsync(["stock/3"], transaction => InsertAsync(transaction, "beside"), Token)).ShouldBe(1);
        var sameKey = two.WriteAsync(["stock/2"], transaction => InsertAsync(transaction, "second"), Token);
        await UntilAsync("SELECT EXISTS (SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND NOT granted)");
        var alone = two.WriteAsync(transaction => InsertAsync(transaction, "alone"), Token);
        await UntilAsync("SELECT count(*) = 2 FROM pg_locks WHERE locktype = 'advisory' AND NOT granted");
        (sameKey.IsCompleted, alone.IsCompleted).ShouldBe((false, false));
        gate.SetResult();
        await Task.WhenAll(holding, sameKey, alone);
        (await CountAsync("greeting")).ShouldBe(4);
    }

    [Fact]
    public async Task A_commit_wakes_the_relays_of_other_replicas_by_notification()
    {
        var writer = await OpenAsync();

        // Its clock stands: it never looks by itself.
        var relay = await OpenAsync(clock: new StandingClock());
        await relay.Listening.WaitAsync(Token);
        (await relay.Outbox.ReadAsync(Partition, 0, 10, 1_000, Token)).ShouldBeEmpty();
        var events = relay.Outbox.EventsAdded.Version;
        var commands = relay.Outbox.CommandsAdded.Version;
        await EmitAsync(writer);
        await relay.Outbox.EventsAdded.WaitAsync(events, Token);
        (await relay.Outbox.ReadAsync(Partition, 0, 10, 1_000, Token)).Single().Sequence.ShouldBe(1);
        relay.Outbox.CommandsAdded.Version.ShouldBe(commands);
        await writer.WriteAsync(transaction => ValueTask.FromResult(transaction.Send(new Greet("a"), new Cause("r", "e", Envelopes.Time))), Token);
        await relay.Outbox.CommandsAdded.WaitAsync(commands, Token);
        (await relay.Outbox.ReadCommandsAsync(0, 10, Token)).Count.ShouldBe(1);
    }

    [Fact]
    public async Task What_no_message_told_of_is_found_by_looking()
    {
        var relay = await OpenAsync();
        await relay.Listening.WaitAsync(Token);
        (await relay.Outbox.ReadAsync(Partition, 0, 10, 1_000, Token)).ShouldBeEmpty();
        var seen = relay.Outbox.EventsAdded.Version;
        await using (var connection = await ConnectAsync())
        {
            await connection.ExecuteAsync(
                """
                INSERT INTO flow_outbox_head (stream, partition, assigned, confirmed) VALUES ('accounts', @Index, 1, 0);
                INSERT INTO flow_outbox (stream, partition, sequence, event_id, type, key, time, committed_at, content_type, data) VALUES ('accounts', @Index, 1, 'e', 't', 'k', now(), now(), 'c', '');
                """,
                new { Partition.Index });
        }

        while ((await relay.Outbox.ReadAsync(Partition, 0, 10, 1_000, Token)).Count == 0)
        {
            await relay.Outbox.EventsAdded.WaitAsync(seen, Token);
            seen = relay.Outbox.EventsAdded.Version;
        }

        await Eventually.ThatAsync("the row is counted", () => relay.Outbox.Room.Unconfirmed == 1);
    }

    [Fact]
    public async Task Who_listens_listens_again_after_its_connection_was_killed()
    {
        const string listening = "SELECT coalesce(max(pid), 0) FROM pg_stat_activity WHERE application_name = 'bank main' AND query LIKE 'LISTEN%' AND state = 'idle'";
        var store = await OpenAsync();
        await store.Listening.WaitAsync(Token);
        await UntilAsync($"SELECT ({listening}) > 0");
        var first = await AskAsync<int>(listening);
        await TerminateAsync(first);
        await UntilAsync($"SELECT ({listening}) NOT IN (0, @first)", new { first });
    }

    [Fact]
    public async Task Room_counts_what_other_replicas_wrote_and_confirmed()
    {
        var one = await OpenAsync();
        var two = await OpenAsync();
        for (var number = 0; number < 3; number++)
        {
            await EmitAsync(one);
        }

        one.Outbox.Room.Unconfirmed.ShouldBe(3);
        await Eventually.ThatAsync("the other replica's rows are counted", () => two.Outbox.Room.Unconfirmed == 3);
        await two.Outbox.ConfirmAsync([new OutboxConfirm(Partition, 2, "e")], Token);
        await Eventually.ThatAsync("the other replica's confirms are counted", () => one.Outbox.Room.Unconfirmed == 1);
    }

    [Fact]
    public async Task Replicas_read_in_order_what_they_wrote_in_turns()
    {
        var one = await OpenAsync();
        var two = await OpenAsync();
        await Task.WhenAll(one.Listening, two.Listening).WaitAsync(Token);
        for (var number = 0; number < 20; number++)
        {
            await EmitAsync(number % 3 == 0 ? one : two, amount: number);
        }

        foreach (var store in new[] { one, two })
        {
            var after = 0L;
            while (after < 20)
            {
                var seen = store.Outbox.EventsAdded.Version;
                var rows = await store.Outbox.ReadAsync(Partition, after, 3, 1_000_000, Token);
                if (rows.Count == 0)
                {
                    await store.Outbox.EventsAdded.WaitAsync(seen, Token);
                    continue;
                }

                foreach (var row in rows)
                {
                    row.Sequence.ShouldBe(++after);
                }
            }
        }
    }

    /// <summary>Whoever waits for a time waits for ever.</summary>
    private sealed class StandingClock : TimeProvider
    {
        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) => new Never();

        private sealed class Never : ITimer
        {
            public bool Change(TimeSpan dueTime, TimeSpan period) => true;

            public void Dispose()
            {
            }

            public ValueTask DisposeAsync() => ValueTask.CompletedTask;
        }
    }
}
