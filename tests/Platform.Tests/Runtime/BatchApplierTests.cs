using System.Data.Common;
using FlowPlatform.Consumers;
using FlowPlatform.Events;
using FlowPlatform.Log;
using FlowPlatform.Storage.Sqlite;
using FlowPlatform.Stores;
using FlowPlatform.Tests.Support;

namespace FlowPlatform.Tests.Runtime;

public sealed class BatchApplierTests : IDisposable
{
    private static readonly PartitionId First = new("accounts", 0);
    private static readonly PartitionId Second = new("accounts", 1);
    private readonly TemporaryDirectory directory = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => directory.Dispose();

    [Fact]
    public async Task The_culprit_of_a_batch_is_named_also_where_another_partition_of_it_has_a_gap()
    {
        await using var main = new SqliteServiceStore(directory.Path, typeof(BatchApplierTests).Assembly, new PublishedStreams("bank"), TimeProvider.System);
        await main.OpenAsync(Cancel);
        await using var store = await main.OpenGenerationAsync("totals", EmbeddedMigrations.Of(typeof(BatchApplierTests).Assembly, "totals"), Cancel);
        var (first, second) = (await AttachAsync(store, First), await AttachAsync(store, Second));
        var applier = new BatchApplier(new Totals(parks: false) { Poison = "bad" }, store, TimeProvider.System);

        await ApplyAsync(applier, Item(second, Envelopes.PaidIn("e1", 1).At(0, Second)));
        var poisoned = await Should.ThrowAsync<PoisonEventException>(() => ApplyAsync(
            applier,
            Item(second, Envelopes.Gap(1, 1).At(1, Second)),
            Item(first, Envelopes.PaidIn("good", 1).At(0, First), Envelopes.PaidIn("e2", 2, account: "bad").At(1, First))));

        poisoned.Message.ShouldContain("bad can't be summed");
        poisoned.Record.Event.Id.ShouldBe("e2");
        (await store.Checkpoints.LoadAsync("totals", Cancel)).Single(state => state.Checkpoint.Partition == First).Checkpoint.Mark.ShouldBe(1);
    }

    [Fact]
    public async Task The_next_incarnation_is_reached_behind_events_that_nobody_handles_though_no_time_passes()
    {
        var clock = new VirtualClock(Envelopes.Time);
        await using var main = new SqliteServiceStore(directory.Path, typeof(BatchApplierTests).Assembly, new PublishedStreams("bank"), clock);
        await main.OpenAsync(Cancel);
        await using var store = await main.OpenGenerationAsync("totals", EmbeddedMigrations.Of(typeof(BatchApplierTests).Assembly, "totals"), Cancel);
        var cursor = await AttachAsync(store, First);
        var applier = new BatchApplier(new Totals(), store, clock);
        var item = Item(cursor, Unhandled("e1", "bank/1").At(0, First), Unhandled("e2", "bank/2").At(1, First));
        var records = new List<LogRecord>();
        applier.Begin();
        applier.Take(item, records).ShouldBeFalse();
        await applier.CommitAsync(records, Cancel);
        records.Clear();
        applier.Begin();
        applier.Take(item, records).ShouldBeTrue();
        cursor.Current.Producer.ShouldBe("bank/2");

        static EventEnvelope Unhandled(string id, string producer) => Envelopes.Of("accounts.audited.v1", Envelopes.PaidIn(id, 1, producer));
    }

    [Fact]
    public async Task A_reactor_on_a_slow_disk_that_was_quiet_takes_a_backlog_in_large_batches()
    {
        const int Quiet = 30;
        const int Backlog = 400;
        var clock = new VirtualClock(Envelopes.Time);
        var published = new PublishedStreams("bank");
        published.Add(typeof(ThanksEvent), new StreamDefinition("thanks", 2));
        await using var main = new SqliteServiceStore(directory.Path, typeof(BatchApplierTests).Assembly, published, clock);
        await main.OpenAsync(Cancel);
        var slow = new SlowCommits(main, clock);
        var cursor = await AttachAsync(main, First, "thank-payers");
        var applier = new BatchApplier(new ThankPayers(), slow, clock);
        for (var number = 0; number < Quiet; number++)
        {
            await ApplyInBatchesAsync(applier, Item(cursor, Envelopes.PaidIn($"e{number}", number + 1).At(number, First)));
        }

        slow.Commits = 0;
        await ApplyInBatchesAsync(applier, Item(cursor, [.. Enumerable.Range(Quiet, Backlog).Select(number => Envelopes.PaidIn($"e{number}", number + 1).At(number, First))]));
        cursor.Committed.Mark.ShouldBe(Quiet + Backlog);
        slow.Commits.ShouldBeLessThanOrEqualTo(4, "what a commit costs is no reason for more of them");
    }

    private static async Task<PartitionCursor> AttachAsync(IStore store, PartitionId partition, string consumer = "totals")
    {
        var checkpoint = new Checkpoint { Consumer = consumer, Partition = partition, Partitions = 2 };
        await store.WriteAsync(
            async transaction =>
            {
                await store.Checkpoints.CreateAsync(transaction, checkpoint);
                return true;
            },
            Cancel);
        return new PartitionCursor(new CheckpointState(checkpoint, [], new Dictionary<string, long>()));
    }

    private static async Task ApplyAsync(BatchApplier applier, params FeedItem[] items)
    {
        var records = new List<LogRecord>();
        applier.Begin();
        foreach (var item in items)
        {
            applier.Take(item, records).ShouldBeTrue();
        }

        await applier.CommitAsync(records, Cancel);
    }

    private static async Task ApplyInBatchesAsync(BatchApplier applier, FeedItem item)
    {
        var records = new List<LogRecord>();
        while (!item.Exhausted)
        {
            applier.Begin();
            applier.Take(item, records);
            await applier.CommitAsync(records, Cancel);
            records.Clear();
        }
    }

    private static FeedItem Item(PartitionCursor cursor, params LogRecord[] records) => new(cursor, new LogBatch(cursor.Partition, records, null));

    /// <summary>A store on which each commit takes 50 ms.</summary>
    private sealed class SlowCommits(IStore inner, VirtualClock clock) : IStore
    {
        public int Commits { get; set; }

        public ICheckpoints Checkpoints => inner.Checkpoints;

        public async Task<T> WriteAsync<T>(Func<StoreTransaction, ValueTask<T>> work, CancellationToken cancellationToken)
        {
            var written = await inner.WriteAsync(work, cancellationToken);
            Commits++;
            clock.Advance(TimeSpan.FromMilliseconds(50));
            return written;
        }

        public ValueTask<DbConnection> OpenReadAsync(CancellationToken cancellationToken) => inner.OpenReadAsync(cancellationToken);

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
