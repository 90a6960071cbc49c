using Dapper;
using FlowPlatform.Stores;
using FlowPlatform.Tests.Runtime;

namespace FlowPlatform.Tests.Compliance.Stores;

public abstract partial class StoreCompliance
{
    private static Checkpoint Fresh => new() { Consumer = "c", Partition = Partition, Partitions = 3 };

    [Fact]
    public async Task A_checkpoint_that_somebody_else_moved_is_not_moved_and_nothing_is_written_beside_it()
    {
        await CreateAsync(Fresh);
        await MoveAsync(Fresh, Fresh with { NextOffset = 5, LastOffset = 4, LastEventId = "e", Mark = 5, Producer = "p/1" });
        await Should.ThrowAsync<OwnershipLostException>(() => Store.WriteAsync(
            async transaction =>
            {
                transaction.Emit(new PaidIn("a", 1), Envelopes.Time);
                await Store.Checkpoints.MoveAsync(transaction, Fresh, Fresh with { NextOffset = 7 }, null);
                return true;
            },
            Token));
        (await LoadAsync()).Checkpoint.NextOffset.ShouldBe(5);
        (await CountAsync("flow_outbox")).ShouldBe(0);
    }

    [Fact]
    public async Task A_checkpoint_of_another_epoch_is_not_moved()
    {
        await CreateAsync(Fresh with { Epoch = 2 });
        await Should.ThrowAsync<OwnershipLostException>(() => MoveAsync(Fresh with { Epoch = 1 }, Fresh with { Epoch = 1, NextOffset = 1 }));
        await MoveAsync(Fresh with { Epoch = 2 }, Fresh with { Epoch = 2, NextOffset = 1 });
        var moved = (await LoadAsync()).Checkpoint;
        (moved.NextOffset, moved.Epoch).ShouldBe((1, 2));
    }

    [Fact]
    public async Task Of_many_who_move_a_checkpoint_at_once_one_does()
    {
        await CreateAsync(Fresh);
        var moves = Enumerable.Range(1, 20).Select(i => MoveAsync(Fresh, Fresh with { NextOffset = i })).ToList();
        await Task.WhenAll(moves).ContinueWith(static _ => { }, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
        moves.Count(move => move.IsCompletedSuccessfully).ShouldBe(1);
        moves.Where(move => move.IsFaulted).ShouldAllBe(move => move.Exception!.InnerException is OwnershipLostException);
        (await LoadAsync()).Checkpoint.NextOffset.ShouldBe(moves.FindIndex(move => move.IsCompletedSuccessfully) + 1);
    }

    [Fact]
    public async Task A_checkpoint_comes_back_as_it_was_moved_with_anchors_newest_first_and_retired_marks()
    {
        var to = Fresh with { NextOffset = 5, LastOffset = 4, LastEventId = "e5", Mark = 5, Producer = "p/1", JoinedAt = 1, EventTime = Envelopes.Time, Applied = 5, ReplayTo = 9 };
        var later = to with { NextOffset = 9, LastOffset = 8, LastEventId = "x1", Mark = 1, Producer = "p/2", Applied = 6 };
        await CreateAsync(Fresh);
        (await LoadAsync()).Checkpoint.ShouldBe(Fresh);
        await MoveAsync(Fresh, to, new Anchor(4, "e5", Envelopes.Time));
        await MoveAsync(to, later, new Anchor(8, "x1", Envelopes.Time.AddSeconds(10)));
        var state = await LoadAsync();
        state.Checkpoint.ShouldBe(later);
        state.Anchors.ShouldBe([new Anchor(8, "x1", Envelopes.Time.AddSeconds(10)), new Anchor(4, "e5", Envelopes.Time)]);
        state.RetiredMarks.ShouldBe(new Dictionary<string, long> { ["p/1"] = 5 });

        // A producer that comes back and goes again leaves its newest mark; an anchor at the same offset is the newer one.
        await MoveAsync(later, to with { Mark = 7 }, new Anchor(8, "y1", Envelopes.Time.AddSeconds(20)));
        await MoveAsync(to with { Mark = 7 }, later);
        state = await LoadAsync();
        state.RetiredMarks.ShouldBe(new Dictionary<string, long> { ["p/1"] = 7, ["p/2"] = 1 }, ignoreOrder: true);
        state.Anchors[0].EventId.ShouldBe("y1");
    }

    [Fact]
    public async Task Anchors_are_dense_for_the_outbox_retention_and_sparse_before_and_stay_few()
    {
        await CreateAsync(Fresh);
        var at = Fresh;
        for (var i = 1; i <= 1_000; i++)
        {
            var to = at with { NextOffset = i, LastOffset = i - 1, LastEventId = $"e{i}", Mark = i };
            await MoveAsync(at, to, new Anchor(i - 1, $"e{i}", Envelopes.Time.AddSeconds(10 * i)));
            at = to;
        }

        var anchors = (await LoadAsync()).Anchors;
        anchors.Count.ShouldBeLessThanOrEqualTo(130);
        anchors.Count(anchor => anchor.CommittedAt >= Envelopes.Time.AddSeconds(10_000 - 900)).ShouldBe(91);
        anchors[^1].Offset.ShouldBe(0);
    }

    [Fact]
    public async Task Incidents_are_kept()
    {
        await Store.WriteAsync(
            async transaction =>
            {
                await Store.Checkpoints.RecordIncidentAsync(transaction, Fresh, "gap", "1 to 3");
                await Store.Checkpoints.RecordIncidentAsync(transaction, Fresh, "gap", "5 to 6");
                return true;
            },
            Token);
        await using var connection = await Store.OpenReadAsync(Token);
        (await connection.QueryAsync<string>("SELECT detail FROM flow_incident ORDER BY id")).ShouldBe(["1 to 3", "5 to 6"]);
    }

    private async Task<CheckpointState> LoadAsync() => (await Store.Checkpoints.LoadAsync("c", Token)).Single();

    private Task CreateAsync(Checkpoint checkpoint) => Store.WriteAsync(
        async transaction =>
        {
            await Store.Checkpoints.CreateAsync(transaction, checkpoint);
            return true;
        },
        Token);

    private Task MoveAsync(Checkpoint from, Checkpoint to, Anchor? anchor = null) => Store.WriteAsync(
        async transaction =>
        {
            await Store.Checkpoints.MoveAsync(transaction, from, to, anchor);
            return true;
        },
        Token);
}
