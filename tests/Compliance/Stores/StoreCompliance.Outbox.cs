using FlowPlatform.Events;
using FlowPlatform.Log;
using FlowPlatform.Stores;
using FlowPlatform.Tests.Runtime;

namespace FlowPlatform.Tests.Compliance.Stores;

public abstract partial class StoreCompliance
{
    [Fact]
    public async Task Events_are_the_same_from_memory_and_from_the_table()
    {
        var time = new DateTimeOffset(1999, 12, 31, 23, 59, 59, TimeSpan.FromHours(2)).AddTicks(1_234_567);
        await Store.WriteAsync(transaction => ValueTask.FromResult(transaction.Emit(new PaidIn("a", 0.5m), time)), Token);
        await EmitAsync("a", 2);
        var memory = await Store.Outbox.ReadAsync(Partition, 0, 100, 1_000_000, Token);
        await ReopenAsync();
        var table = await Store.Outbox.ReadAsync(Partition, 0, 100, 1_000_000, Token);
        memory.Select(Text).ShouldBe(table.Select(Text));
        table.Select(row => row.Sequence).ShouldBe([1, 2]);
        table[0].Time.ShouldBe(time.AddTicks(-7), "times have microseconds");
    }

    [Fact]
    public async Task Reading_keeps_to_its_limits_but_gives_at_least_one_row()
    {
        for (var number = 0; number < 6; number++)
        {
            await EmitAsync("a", number);
        }

        foreach (var table in new[] { false, true })
        {
            Store = table ? await ReopenAsync() : Store;
            (await SequencesAsync(0, 100, 1_000_000)).ShouldBe([1, 2, 3, 4, 5, 6]);
            (await SequencesAsync(4, 100, 1_000_000)).ShouldBe([5, 6]);
            (await SequencesAsync(1, 2, 1_000_000)).ShouldBe([2, 3]);
            (await SequencesAsync(1, 100, 1)).ShouldBe([2]);
            (await SequencesAsync(6, 100, 1_000_000)).ShouldBeEmpty();
            (await Store.Outbox.ReadAsync(new PartitionId("accounts", (Partition.Index + 1) % 3), 0, 10, 1_000, Token)).ShouldBeEmpty();
        }
    }

    [Fact]
    public async Task Large_groups_get_their_sequences_in_the_order_of_their_events()
    {
        await Store.WriteAsync(
            transaction =>
            {
                for (var number = 0; number < 3_000; number++)
                {
                    transaction.Emit(new PaidIn($"account {number % 7}", number), Envelopes.Time);
                }

                return ValueTask.FromResult(0);
            },
            Token);
        var heads = await Store.Outbox.ReadHeadsAsync(Token);
        heads.Sum(head => head.Assigned).ShouldBe(3_000);
        foreach (var head in heads)
        {
            var rows = await Store.Outbox.ReadAsync(head.Partition, 0, 10_000, 1_000_000_000, Token);
            rows.Select(row => row.Sequence).ShouldBe(Enumerable.Range(1, (int)head.Assigned).Select(number => (long)number));
            var amounts = rows.Select(row => ((PaidIn)FlowJson.Deserialize(row.Data.Span, typeof(PaidIn))).Amount).ToList();
            amounts.ShouldBe(amounts.Order());
        }
    }

    [Fact]
    public async Task Trimming_keeps_unconfirmed_rows_and_the_newest_one()
    {
        for (var i = 0; i < 10; i++)
        {
            await EmitAsync("same-key", i);
        }

        var head = (await Store.Outbox.ReadHeadsAsync(Token)).Single(candidate => candidate.Assigned == 10);
        var rows = await Store.Outbox.ReadAsync(head.Partition, 0, 100, 1 << 20, Token);
        await Store.Outbox.ConfirmAsync([new OutboxConfirm(head.Partition, 6, rows[5].Id)], Token);
        (await Store.Outbox.TrimAsync(head.Partition, 100, 4, Token)).ShouldBe(4);
        (await Store.Outbox.FindLowestAsync(head.Partition, Token)).ShouldBe(5);
        (await Store.Outbox.TrimAsync(head.Partition, 5, 100, Token)).ShouldBe(1);
        (await Store.Outbox.TrimAsync(head.Partition, 100, 100, Token)).ShouldBe(1);
        (await Store.Outbox.FindLowestAsync(head.Partition, Token)).ShouldBe(7);
        await Store.Outbox.ConfirmAsync([new OutboxConfirm(head.Partition, 10, rows[9].Id)], Token);
        (await Store.Outbox.TrimAsync(head.Partition, 100, 100, Token)).ShouldBe(3);
        (await Store.Outbox.FindLowestAsync(head.Partition, Token)).ShouldBe(10);
        (await Store.Outbox.FindIdAsync(head.Partition, 10, Token)).ShouldBe(rows[9].Id);
        (await Store.Outbox.FindIdAsync(head.Partition, 9, Token)).ShouldBeNull();
        (await Store.Outbox.FindLowestAsync(new PartitionId("nothing", 0), Token)).ShouldBeNull();
    }

    [Fact]
    public async Task Confirms_never_move_back_and_outlive_the_store()
    {
        for (var i = 0; i < 3; i++)
        {
            await EmitAsync("a", i);
        }

        await Store.Outbox.ConfirmAsync([new OutboxConfirm(Partition, 3, "third")], Token);
        await Store.Outbox.ConfirmAsync([new OutboxConfirm(Partition, 2, "second")], Token);
        await ReopenAsync();
        (await Store.Outbox.ReadHeadsAsync(Token)).ShouldBe([new OutboxHead(Partition, 3, 3, "third")]);
    }

    [Fact]
    public async Task Decisions_from_outside_are_refused_when_the_outbox_is_full_and_others_are_not()
    {
        await ReopenAsync(new OutboxRoom(2));
        await EmitAsync("a", 1);
        await EmitAsync("a", 2);
        Store.Outbox.Room.Unconfirmed.ShouldBe(2);
        await Should.ThrowAsync<OutboxFullException>(() => EmitAsync("a", 3));
        await Store.WriteAsync(transaction => ValueTask.FromResult(transaction.Emit(new PaidIn("a", 4), Envelopes.Time, CauseOf("cause"))), Token);
        await ReopenAsync(new OutboxRoom(2));
        Store.Outbox.Room.Unconfirmed.ShouldBe(3);
        await Store.Outbox.ConfirmAsync([new OutboxConfirm(Partition, 2, "second")], Token);
        Store.Outbox.Room.Unconfirmed.ShouldBe(1);
        await EmitAsync("a", 5);
    }

    [Fact]
    public async Task Commands_keep_their_order_and_go_when_their_queue_has_them()
    {
        var seen = Store.Outbox.CommandsAdded.Version;
        var cause = CauseOf("cause");
        var ids = await Store.WriteAsync(transaction => ValueTask.FromResult(Enumerable.Range(0, 5).Select(i => transaction.Send(new Greet($"{i}"), cause)).ToList()), Token);
        Store.Outbox.CommandsAdded.Version.ShouldBeGreaterThan(seen);
        var commands = await Store.Outbox.ReadCommandsAsync(0, 3, Token);
        commands.Select(command => command.Id).ShouldBe(ids.Take(3));
        commands[0].Name.ShouldBe("bank.greet");
        commands[0].Time.ShouldBe(cause.Time);
        commands[0].CausationId.ShouldBe("cause");
        (await Store.Outbox.ReadCommandsAsync(commands[2].Number, 10, Token)).Select(command => command.Id).ShouldBe(ids.Skip(3));
        await Store.Outbox.RemoveCommandsAsync([.. ids.Take(4)], Token);
        (await Store.Outbox.CountCommandsAsync(Token)).ShouldBe(1);
        var last = (await Store.Outbox.ReadCommandsAsync(0, 10, Token)).Single().Number;
        await ReopenAsync();
        await Store.WriteAsync(transaction => ValueTask.FromResult(transaction.Send(new Greet("later"), CauseOf("other"))), Token);
        (await Store.Outbox.ReadCommandsAsync(last, 10, Token)).Count.ShouldBe(1);
    }

    [Fact]
    public async Task A_handled_command_is_in_the_inbox_once_and_is_not_sent_again()
    {
        var id = await Store.WriteAsync(transaction => ValueTask.FromResult(transaction.Send(new Greet("a"), CauseOf("e"))), Token);
        (await Store.IsHandledAsync(id, Token)).ShouldBeFalse();
        (await MarkAsync(id)).ShouldBeTrue();
        (await MarkAsync(id)).ShouldBeFalse();
        (await Store.IsHandledAsync(id, Token)).ShouldBeTrue();
        (await Store.Outbox.CountCommandsAsync(Token)).ShouldBe(0);

        // The reactor decides the same again, as after a lost tail: the id is the same (rule P7).
        var again = await Store.WriteAsync(transaction => ValueTask.FromResult(transaction.Send(new Greet("a"), CauseOf("e"))), Token);
        again.ShouldBe(id);
        (await Store.Outbox.CountCommandsAsync(Token)).ShouldBe(0);
    }

    [Fact]
    public async Task A_handling_that_fails_leaves_no_inbox_row()
    {
        var id = Guid.NewGuid();
        await Should.ThrowAsync<InvalidOperationException>(() => Store.WriteAsync<bool>(
            async transaction =>
            {
                await Store.TryMarkHandledAsync(transaction, id, "greet");
                throw new InvalidOperationException();
            },
            Token));
        (await Store.IsHandledAsync(id, Token)).ShouldBeFalse();
    }

    private static Cause CauseOf(string id) => new("thank-payers", id, Envelopes.Time);

    private Task<bool> MarkAsync(Guid id) => Store.WriteAsync(transaction => Store.TryMarkHandledAsync(transaction, id, "greet"), Token);

    private async Task<IEnumerable<long>> SequencesAsync(long after, int maxEvents, long maxBytes) =>
        (await Store.Outbox.ReadAsync(Partition, after, maxEvents, maxBytes, Token)).Select(row => row.Sequence);

    private static string Text(EventEnvelope row) =>
        $"{row.Id} {row.Type} {row.Source} {row.Key} {row.Time:O} {row.CommittedAt:O} {row.ContentType} {row.TraceParent} {row.TraceState} {row.CorrelationId} {row.CausationId} {row.Producer} {row.Sequence} {Convert.ToHexString(row.Data.Span)}";
}
