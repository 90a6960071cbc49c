using FlowPlatform.Consumers;
using FlowPlatform.Stores;
using FlowPlatform.Tests.Runtime;

namespace FlowPlatform.Tests.Sharing;

public sealed class SharedConsumerTests
{
    [Fact]
    public async Task Replicas_that_join_share_the_partitions_and_nothing_is_applied_twice()
    {
        await using var bank = await SharedBank.OpenAsync();
        var first = bank.Start();
        await AppendEverywhereAsync(bank, 50);
        await bank.IsSharedByAsync(first);

        var second = bank.Start();
        await AppendEverywhereAsync(bank, 50);
        await bank.IsSharedByAsync(first, second);

        var third = bank.Start();
        await AppendEverywhereAsync(bank, 50);
        await bank.IsSharedByAsync(first, second, third);
        await bank.HasAppliedAllAsync();

        (first.OwnOfReactor + second.OwnOfReactor + third.OwnOfReactor).ShouldBe(SharedBank.Partitions);
        new[] { first.OwnOfReactor, second.OwnOfReactor, third.OwnOfReactor }.ShouldAllBe(count => count == 0 || count == SharedBank.Partitions);
    }

    [Fact]
    public async Task A_replica_that_leaves_hands_over_though_no_term_ends()
    {
        await using var bank = await SharedBank.OpenAsync();
        var (first, second) = (bank.Start(), bank.Start());
        await bank.IsSharedByAsync(first, second);
        await AppendEverywhereAsync(bank, 20);

        await second.StopAsync();

        await bank.IsSharedByAsync(first);
        await AppendEverywhereAsync(bank, 20);
        await bank.HasAppliedAllAsync();
        bank.Leases.Table.Members.Count.ShouldBe(1);
    }

    [Fact]
    public async Task What_a_dead_replica_had_is_taken_when_its_term_is_over_and_not_before()
    {
        await using var bank = await SharedBank.OpenAsync();
        var (first, second) = (bank.Start(), bank.Start());
        await bank.IsSharedByAsync(first, second);
        var takes = bank.Leases.Takes.Count;

        await second.KillAsync();
        await AppendEverywhereAsync(bank, 20);
        await Eventually.ThatAsync("the living have applied theirs", async () => (await bank.SumsAsync()).Count(pair => pair.Value == 20) == SharedBank.Partitions / 2);
        bank.Clock.Advance(bank.Leases.Settings.Term / 2);
        await Eventually.ThatAsync("the living have renewed", () => bank.Leases.Table.Members.Any(member => member.Remaining == bank.Leases.Settings.Term));
        bank.Leases.Takes.Count.ShouldBe(takes);

        bank.Clock.Advance(bank.Leases.Settings.Term / 2);

        await bank.IsSharedByAsync(first);
        await bank.HasAppliedAllAsync();
    }

    [Fact]
    public async Task An_owner_that_cannot_renew_stops_by_its_own_clock_before_another_can_take()
    {
        await using var bank = await SharedBank.OpenAsync();
        var first = bank.Start();
        await bank.IsSharedByAsync(first);
        first.CutOff();

        bank.Clock.Advance(bank.Leases.Settings.OwnTerm);

        await bank.IsReadByNobodyAsync();
        bank.Leases.Table.Members.Single().Remaining.ShouldBeGreaterThan(TimeSpan.Zero);
        first.Loop.Failure.ShouldBeNull();

        bank.Leases.Away = _ => false;
        bank.Clock.Advance(bank.Leases.Settings.Term);
        await bank.IsSharedByAsync(first);
        await AppendEverywhereAsync(bank, 5);
        await bank.HasAppliedAllAsync();
    }

    [Fact]
    public async Task A_former_owner_whose_clock_stands_still_writes_nothing_and_goes_on_as_a_member()
    {
        await using var bank = await SharedBank.OpenAsync();
        var zombie = bank.Start(clock: new VirtualClock(Envelopes.Time));
        await bank.IsSharedByAsync(zombie);
        await AppendEverywhereAsync(bank, 10);
        await bank.HasAppliedAllAsync();

        zombie.CutOff();
        bank.Clock.Advance(bank.Leases.Settings.Term);
        var second = bank.Start();
        await Eventually.ThatAsync("the second has all", () => second.Own.Count == SharedBank.Partitions);
        zombie.Own.Count.ShouldBe(SharedBank.Partitions);

        await AppendEverywhereAsync(bank, 10);
        await bank.HasAppliedAllAsync();
        await Eventually.ThatAsync("the zombie has let go of what it could not write", () => zombie.Own.Count == 0);
        zombie.Loop.Failure.ShouldBeNull();

        bank.Leases.Away = _ => false;
        await bank.IsSharedByAsync(zombie, second);
        await AppendEverywhereAsync(bank, 10);
        await bank.HasAppliedAllAsync();
    }

    [Fact]
    public async Task An_old_epoch_moves_no_checkpoint_and_claims_none()
    {
        await using var bank = await SharedBank.OpenAsync();
        var fresh = new Checkpoint { Consumer = "totals", Partition = new("accounts", 0), Partitions = SharedBank.Partitions, Epoch = 3 };
        var old = (await ClaimAsync(bank, fresh)).Checkpoint;
        var next = (await ClaimAsync(bank, fresh with { Epoch = 5 })).Checkpoint;
        next.Epoch.ShouldBe(5);

        await Should.ThrowAsync<OwnershipLostException>(() => MoveAsync(bank, old, old with { NextOffset = 1 }));
        await Should.ThrowAsync<OwnershipLostException>(() => ClaimAsync(bank, fresh with { Epoch = 4 }));
        await Should.ThrowAsync<OwnershipLostException>(() => ClaimAsync(bank, fresh with { Epoch = 5 }));
        await MoveAsync(bank, next, next with { NextOffset = 7, Mark = 7 });
        var third = (await ClaimAsync(bank, fresh with { Epoch = 6 })).Checkpoint;
        (third.NextOffset, third.Mark, third.Epoch).ShouldBe((7, 7, 6));
    }

    [Fact]
    public async Task Who_leaves_while_it_renews_does_not_come_back()
    {
        await using var bank = await SharedBank.OpenAsync();
        var first = bank.Start();
        await bank.IsSharedByAsync(first);
        var (renewing, left) = (new TaskCompletionSource(), new TaskCompletionSource());
        bank.Leases.AfterLeave = () => left.TrySetResult();
        bank.Leases.BeforeRenew = async leaving =>
        {
            renewing.TrySetResult();
            await Eventually.ThatAsync("it leaves", () => leaving.IsCancellationRequested);
            // A database may have begun with it, and not hear of the cancellation.
            await Task.WhenAny(left.Task, left.Task.WaitAsync(TimeSpan.FromMilliseconds(200), TestContext.Current.CancellationToken));
        };
        bank.Leases.Changed.Signal();
        await renewing.Task.WaitAsync(TestContext.Current.CancellationToken);

        await first.StopAsync();

        bank.Leases.Table.Members.ShouldBeEmpty();
    }

    [Fact]
    public async Task A_fault_stops_the_consumer_in_its_replica_and_is_not_handed_on()
    {
        await using var bank = await SharedBank.OpenAsync();
        var first = bank.Start(totals: new Totals(parks: false, attempts: 1) { Poison = "accounts-0" });
        await bank.IsSharedByAsync(first);
        await bank.AppendAsync(0, 1);
        await Eventually.ThatAsync("the consumer has stopped", () => first.Loop.Failure is PoisonEventException);
        await Eventually.ThatAsync("the fault is written down", () => bank.Leases.Table.Leases.Any(lease => lease.Fault?.Contains("can't be summed", StringComparison.Ordinal) == true));

        var second = bank.Start();
        await Eventually.ThatAsync("the second is a member", () => bank.Leases.Table.Members.Count == 2);
        await Eventually.ThatAsync("the second has the serial reactor or had its chance", () => second.Ownership.Table.Members.Count == 2);

        second.Own.ShouldBeEmpty();
        await first.StopAsync();
        await bank.IsSharedByAsync(second);
        await bank.HasAppliedAllAsync();
    }

    [Fact]
    public async Task A_consumer_that_was_mended_gives_to_others_what_it_had_kept()
    {
        await using var bank = await SharedBank.OpenAsync();
        var first = bank.Start(totals: new Totals(parks: false, attempts: 1) { Poison = "accounts-0" });
        await bank.IsSharedByAsync(first);
        await bank.AppendAsync(0, 1);
        await Eventually.ThatAsync("the consumer has stopped", () => first.Loop.Failure is PoisonEventException);
        var second = bank.Start();
        await Eventually.ThatAsync("the first counts with the second", () => first.Ownership.Table.Members.Count == 2);

        first.Restart();

        await bank.IsSharedByAsync(first, second);
        await AppendEverywhereAsync(bank, 10);
        await bank.HasAppliedAllAsync();
        await Eventually.ThatAsync("the fault is gone", () => bank.Leases.Table.Leases.All(lease => lease.Fault is null));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task Whatever_comes_and_goes_under_a_stream_of_events_each_is_applied_once(int seed)
    {
        await using var bank = await SharedBank.OpenAsync();
        var random = new Random(seed);
        List<SharedReplica> living = [bank.Start()];
        for (var step = 0; step < 40; step++)
        {
            await bank.AppendAsync(random.Next(SharedBank.Partitions), 1 + random.Next(20));
            switch (random.Next(4))
            {
                case 0 when living.Count < 4:
                    living.Add(bank.Start());
                    break;
                case 1 when living.Count > 1:
                    await Take(living, random).StopAsync();
                    break;
                case 2 when living.Count > 1:
                    await Take(living, random).KillAsync();
                    break;
                default:
                    bank.Clock.Advance(bank.Leases.Settings.Term / (1 + random.Next(4)));
                    break;
            }
        }

        // Who is dead is found to be so when its term is over; the living renew on the way.
        for (var step = 0; step < 4; step++)
        {
            bank.Clock.Advance(bank.Leases.Settings.Term / 4);
            await Eventually.ThatAsync("the living are members", () => living.All(replica => bank.Leases.Table.Members.Any(
                member => member.Id == replica.Ownership.Owner && member.Remaining > bank.Leases.Settings.Term * 0.7)));
        }

        await bank.IsSharedByAsync([.. living]);
        await bank.HasAppliedAllAsync();
        living.ShouldAllBe(replica => replica.Loop.Failure == null);
    }

    private static SharedReplica Take(List<SharedReplica> living, Random random)
    {
        var index = random.Next(living.Count);
        var taken = living[index];
        living.RemoveAt(index);
        return taken;
    }

    private static async Task AppendEverywhereAsync(SharedBank bank, int count)
    {
        for (var partition = 0; partition < SharedBank.Partitions; partition++)
        {
            await bank.AppendAsync(partition, count);
        }
    }

    private static Task<CheckpointState> ClaimAsync(SharedBank bank, Checkpoint fresh) =>
        bank.Projection.WriteAsync(transaction => bank.Projection.Checkpoints.ClaimAsync(transaction, fresh), TestContext.Current.CancellationToken);

    private static Task MoveAsync(SharedBank bank, Checkpoint from, Checkpoint to) => bank.Projection.WriteAsync(
        async transaction =>
        {
            await bank.Projection.Checkpoints.MoveAsync(transaction, from, to, null);
            return true;
        },
        TestContext.Current.CancellationToken);
}
