using FlowPlatform.Log;
using FlowPlatform.Storage;
using FlowPlatform.Storage.Sqlite;
using FlowPlatform.Stores;
using FlowPlatform.Tests.Runtime;
using FlowPlatform.Tests.Support;

namespace FlowPlatform.Tests.Storage;

public sealed class OutboxTailTests : IDisposable
{
    private static readonly PartitionId Partition = new("accounts", Partitioner.PartitionOf("a", 3));
    private readonly TemporaryDirectory directory = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => directory.Dispose();

    [Fact]
    public async Task Who_reads_again_from_an_earlier_sequence_gets_it_from_the_table()
    {
        await using var store = await OpenAsync();
        await PayAsync(store, 6);
        (await SequencesAsync(store, after: 4)).ShouldBe([5, 6]);
        (await SequencesAsync(store, after: 1)).ShouldBe([2, 3, 4, 5, 6]);
        (await SequencesAsync(store, after: 6)).ShouldBeEmpty();
        await PayAsync(store, 1);
        (await SequencesAsync(store, after: 6)).ShouldBe([7]);
    }

    [Fact]
    public async Task What_no_longer_fits_into_memory_is_read_from_the_table()
    {
        await using var store = await OpenAsync();
        await PayAsync(store, 2_500);
        (await store.Outbox.ReadAsync(Partition, 0, 10_000, 1_000_000_000, Cancel)).Select(row => row.Sequence).ShouldBe(Enumerable.Range(1, 2_500).Select(number => (long)number));
        (await SequencesAsync(store, after: 2_498)).ShouldBe([2_499, 2_500]);
    }

    [Fact]
    public async Task A_unit_that_fails_leaves_nothing_in_memory()
    {
        await using var store = await OpenAsync();
        await PayAsync(store, 1);
        await Should.ThrowAsync<InvalidOperationException>(() => store.WriteAsync<bool>(
            transaction =>
            {
                transaction.Emit(new PaidIn("a", 9), Envelopes.Time);
                throw new InvalidOperationException("changed its mind");
            },
            Cancel));
        (await SequencesAsync(store, after: 0)).ShouldBe([1]);
    }

    [Fact]
    public void A_hole_empties_the_memory_and_limits_are_kept()
    {
        var tail = new OutboxTail();
        var pending = Envelopes.PaidIn("a", 1, "bank/x");
        tail.TryRead(Partition, 0, 10, 1_000, out _).ShouldBeFalse();
        tail.Add(Partition, pending.At("bank/x", 1));
        tail.Add(Partition, pending.At("bank/x", 3));
        tail.Add(Partition, pending.At("bank/x", 4));
        tail.TryRead(Partition, 1, 10, 1_000, out _).ShouldBeFalse();
        tail.TryRead(Partition, 2, 1, 1_000, out var limited).ShouldBeTrue();
        limited.Select(row => row.Sequence).ShouldBe([3]);
        tail.TryRead(Partition, 2, 10, 1, out limited).ShouldBeTrue();
        limited.Select(row => row.Sequence).ShouldBe([3]);
    }

    [Fact]
    public void Of_two_commits_that_are_added_in_the_wrong_order_none_is_missed()
    {
        var tail = new OutboxTail();
        var pending = Envelopes.PaidIn("a", 1, "bank/x");
        tail.Add(Partition, pending.At("bank/x", 1));
        tail.Add(Partition, pending.At("bank/x", 3));
        tail.Add(Partition, pending.At("bank/x", 2));
        tail.TryRead(Partition, 1, 10, 1_000, out _).ShouldBeFalse("only the table has the second");
        tail.TryRead(Partition, 2, 10, 1_000, out var rest).ShouldBeTrue();
        rest.Select(row => row.Sequence).ShouldBe([3]);
        tail.Add(Partition, pending.At("bank/y", 1));
        tail.TryRead(Partition, 0, 10, 1_000, out var anew).ShouldBeTrue("another incarnation begins again");
        anew.Select(row => row.Producer).ShouldBe(["bank/y"]);
    }

    private static Task PayAsync(SqliteServiceStore store, int times) => store.WriteAsync(
        transaction =>
        {
            for (var number = 0; number < times; number++)
            {
                transaction.Emit(new PaidIn("a", number), Envelopes.Time);
            }

            return ValueTask.FromResult(true);
        },
        Cancel);

    private static async Task<IEnumerable<long>> SequencesAsync(SqliteServiceStore store, long after) =>
        (await store.Outbox.ReadAsync(Partition, after, 100, 1_000_000, Cancel)).Select(row => row.Sequence);

    private async Task<SqliteServiceStore> OpenAsync()
    {
        var published = new PublishedStreams("bank");
        published.Add(typeof(AccountsEvent), new StreamDefinition("accounts", 3));
        var store = new SqliteServiceStore(directory.Path, typeof(OutboxTailTests).Assembly, published, TimeProvider.System);
        await store.OpenAsync(Cancel);
        return store;
    }
}
