using System.Diagnostics;
using FlowPlatform.Hosting;
using FlowPlatform.Log;
using FlowPlatform.Stores;
using FlowPlatform.Telemetry;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Polly;

namespace FlowPlatform.Consumers;

/// <summary>
/// Puts records into transactions: checkpoint first, by compare-and-set (rule C1), then the handlers. Finds the culprit when a batch fails, and parks it (rule C7). Used by one loop.
/// </summary>
internal sealed class BatchApplier
{
    /// <summary>
    /// A reactor's handlers should not hold the store's one writer longer (rule P6). What begin and commit cost is not counted: it doesn't grow with the batch, and on a slow disk, where a commit
    /// takes as long as this, each event would have one of its own for ever.
    /// </summary>
    private const double TargetMs = 20;
    private static readonly TimeSpan AnchorEvery = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan CommitSkippedEvery = TimeSpan.FromSeconds(1);
    private readonly Consumer consumer;
    private readonly IStore store;
    private readonly TimeProvider clock;
    private readonly string messagingSystem;
    private readonly Parker parker;
    private readonly ResiliencePipeline storeRetries;
    private readonly ResiliencePipeline handlerRetries;
    private readonly HashSet<PartitionCursor> touched = [];
    private readonly Dictionary<PartitionCursor, Checkpoint> before = [];
    private readonly List<(PartitionCursor Cursor, CursorNote Note)> notes = [];
    private double msPerEvent = 0.1;
    private TimeSpan handling;
    private bool due;
    private FlowException? fault;
    private bool applying;
    private long lastCommit;
    private volatile BatchStatus committed = new(0, 0);

    public BatchApplier(Consumer consumer, IStore store, TimeProvider clock, string messagingSystem = "flow", ILogger? logger = null)
    {
        this.consumer = consumer;
        this.store = store;
        this.clock = clock;
        this.messagingSystem = messagingSystem;
        parker = new Parker(consumer, store, logger ?? NullLogger.Instance);
        storeRetries = RetryPolicy.ForStore(clock, busy => Trouble = (busy.Message, Trouble?.Since ?? clock.GetUtcNow()));
        handlerRetries = RetryPolicy.ForHandler(clock, consumer.MaxAttempts);
        lastCommit = clock.GetTimestamp();
    }

    /// <summary>Why the store takes nothing at present, and since when; null if it does.</summary>
    public (string Reason, DateTimeOffset Since)? Trouble { get; private set; }

    /// <summary>True from before the first record of a transaction is taken until it is committed, or skipped.</summary>
    public bool Applying => Volatile.Read(ref applying);

    /// <summary>Transactions that applied events, and how many. Read by any thread.</summary>
    public BatchStatus Committed => committed;

    public void Begin()
    {
        Volatile.Write(ref applying, true);
        before.Clear();
        notes.Clear();
        due = false;
    }

    public void End() => Volatile.Write(ref applying, false);

    /// <summary>Partitions of the transaction that failed, or whose positions wait for the next one.</summary>
    public IReadOnlyCollection<PartitionCursor> Touched => touched;

    /// <summary>True while positions wait for a transaction with effect.</summary>
    public bool HasUncommitted => touched.Any(cursor => cursor.Current != cursor.Committed);

    /// <summary>Commits positions that wait, between transactions.</summary>
    public async Task FlushAsync(CancellationToken cancellationToken)
    {
        Begin();
        due = true;
        await CommitAsync([], cancellationToken);
        End();
    }

    /// <summary>The partition is this consumer's no more; what was taken in of it and is not committed never was.</summary>
    public void Forget(PartitionCursor cursor)
    {
        touched.Remove(cursor);
        before.Remove(cursor);
        Trouble = touched.Count == 0 ? null : Trouble;
    }

    /// <summary>Takes records of the item for the next transaction.</summary>
    /// <returns>True if the item is exhausted and there is room for more.</returns>
    public bool Take(FeedItem item, List<LogRecord> records)
    {
        var limit = consumer is Reactor ? (int)Math.Clamp(TargetMs / msPerEvent, 1, consumer.MaxBatch) : consumer.MaxBatch;
        var cursor = item.Cursor;
        if (!cursor.Parked.Served)
        {
            return false;
        }

        before.TryAdd(cursor, cursor.Current);
        touched.Add(cursor);
        while (!item.Exhausted)
        {
            var record = item.Batch.Records[item.Next];
            if (cursor.Current != cursor.Committed && cursor.ChangesProducer(record))
            {
                // Only after a commit can it go on.
                due = true;
                return false;
            }

            if (records.Count >= limit)
            {
                return false;
            }

            try
            {
                if (cursor.Take(record))
                {
                    records.Add(record);
                }
            }
            catch (FlowException stop)
            {
                // What was taken in before it commits first: whoever accepts the gap goes on from there.
                (due, fault) = (true, stop);
                return false;
            }

            while (cursor.TryTakeNote(out var note))
            {
                notes.Add((cursor, note));
            }

            item.Next++;
        }

        return records.Count < limit;
    }

    public async Task CommitAsync(List<LogRecord> records, CancellationToken cancellationToken)
    {
        if (touched.Count == 0)
        {
            return;
        }

        // What no handler wants moves the position only; that may wait for a transaction with effect, for one a second is enough.
        if (!due && notes.Count == 0 && !records.Exists(consumer.Wants) && clock.GetElapsedTime(lastCommit) < CommitSkippedEvery && !touched.Any(ProducerChanged))
        {
            return;
        }

        try
        {
            await ApplyAsync(records, touched, notes, cancellationToken);
            if (records.Count > 0)
            {
                msPerEvent = (0.8 * msPerEvent) + (0.2 * Math.Max(0.001, handling.TotalMilliseconds / records.Count));
            }
        }
        catch (Exception failed) when (RetryPolicy.IsOfEvent(failed, cancellationToken))
        {
            await ApplyInPartsAsync(records, cancellationToken);
        }

        lastCommit = clock.GetTimestamp();
        touched.Clear();
        if (fault is not null)
        {
            throw fault;
        }
    }

    private static bool ProducerChanged(PartitionCursor cursor) => cursor.Committed.Producer is { } producer && producer != cursor.Current.Producer;

    /// <summary>A request, not a record, is about to be executed for the partition: if it turns out to be another's, it is let go of as after a batch.</summary>
    public void Touch(PartitionCursor cursor) => touched.Add(cursor);

    /// <summary>Runs a transaction of the consumer's. Waits for a busy store as long as it takes: that is its back-pressure.</summary>
    public async Task WriteAsync(Func<StoreTransaction, Task> work, IReadOnlyCollection<string>? keys, BatchTrace? trace, CancellationToken cancellationToken)
    {
        try
        {
            await WaitForStoreAsync(cancel => keys is null ? store.WriteAsync(RunAsync, cancel) : store.WriteAsync(keys, RunAsync, cancel), cancellationToken);
        }
        catch (Exception failed)
        {
            trace?.Fail(failed);
            throw;
        }

        async ValueTask<bool> RunAsync(StoreTransaction transaction)
        {
            foreach (var cursor in touched)
            {
                cursor.RequireOwned();
            }

            await work(transaction);
            return true;
        }
    }

    /// <summary>Asks a store until it is not busy.</summary>
    public async Task<T> WaitForStoreAsync<T>(Func<CancellationToken, Task<T>> work, CancellationToken cancellationToken)
    {
        var result = default(T)!;
        await storeRetries.RunAsync(async cancel => result = await work(cancel), cancellationToken);
        Trouble = null;
        return result;
    }

    /// <summary>Tries again what one event failed at; what is thrown at last is the event's.</summary>
    public Task TryAsync(Func<CancellationToken, Task> work, CancellationToken cancellationToken) => handlerRetries.RunAsync(work, cancellationToken);

    private async Task ApplyAsync(
        IReadOnlyList<LogRecord> taken, IReadOnlyCollection<PartitionCursor> cursors, IReadOnlyList<(PartitionCursor Cursor, CursorNote Note)> noted, CancellationToken cancellationToken)
    {
        var started = Stopwatch.GetTimestamp();
        var now = clock.GetUtcNow();
        var (records, held) = parker.Sort(taken, cursors);
        var replayed = new ReplayedPartitions(cursors);
        using var trace = BatchTrace.Start(consumer, records, replayed, messagingSystem);
        Activity.Current = trace?.Current;
        var moves = cursors.Where(cursor => cursor.Current != cursor.Committed).Select(cursor => (Cursor: cursor, To: cursor.Current, Anchor: AnchorOf(cursor, now))).ToList();
        await WriteAsync(
            async transaction =>
            {
                trace?.Begin();
                foreach (var (cursor, to, anchor) in moves)
                {
                    await store.Checkpoints.MoveAsync(transaction, cursor.Committed, to, anchor);
                }

                foreach (var (cursor, note) in noted)
                {
                    await store.Checkpoints.RecordIncidentAsync(transaction, cursor.Current, note.Kind, note.Detail);
                }

                if (held is not null)
                {
                    await parker.HoldAsync(transaction, held);
                }

                var began = clock.GetTimestamp();
                await consumer.ApplyAsync(transaction, records, trace);
                handling = clock.GetElapsedTime(began);
            },
            store.LocksKeys ? consumer.KeysOf(records) : null,
            trace,
            cancellationToken);
        foreach (var (cursor, to, anchor) in moves)
        {
            cursor.Commit(to, anchor);
        }

        held?.Commit();
        trace?.Commit();
        if (records.Count > 0)
        {
            committed = new BatchStatus(committed.Count + 1, committed.Events + records.Count);
        }

        FlowMetrics.Committed(consumer.Name, records, Stopwatch.GetElapsedTime(started), clock.GetUtcNow(), replayed, trace);
    }

    private static Anchor? AnchorOf(PartitionCursor cursor, DateTimeOffset now)
    {
        lock (cursor.Anchors)
        {
            if (cursor.Anchors.Count == 0)
            {
                return cursor.FirstTaken!.Value with { CommittedAt = now };
            }

            return now - cursor.Anchors[0].CommittedAt < AnchorEvery ? null : new Anchor(cursor.Current.LastOffset, cursor.Current.LastEventId!, now);
        }
    }

    /// <summary>Goes through a failed batch again, so that everything before and behind the culprits is applied, and they are known.</summary>
    private async Task ApplyInPartsAsync(List<LogRecord> records, CancellationToken cancellationToken)
    {
        var ends = touched.ToDictionary(cursor => cursor, cursor => cursor.Current);
        foreach (var (cursor, start) in before)
        {
            cursor.Return(start);
        }

        var byPartition = touched.ToDictionary(cursor => cursor.Partition);
        await ApplyHalvesAsync(records, byPartition, cancellationToken);

        // What was dropped behind the last applied record still moves the position.
        foreach (var (cursor, end) in ends)
        {
            cursor.Return(end);
        }

        await ApplyAsync([], touched, notes, cancellationToken);
    }

    /// <summary>Halves what has failed until the culprit is alone: of 2,000 events one costs 11 failed transactions, where one by one would be 2,000 commits.</summary>
    private async Task ApplyHalvesAsync(List<LogRecord> failed, Dictionary<PartitionId, PartitionCursor> cursors, CancellationToken cancellationToken)
    {
        if (failed.Count > 1)
        {
            var half = failed.Count / 2;
            await ApplyPartAsync(failed[..half], cursors, cancellationToken);
            await ApplyPartAsync(failed[half..], cursors, cancellationToken);
        }
        else if (failed.Count == 1)
        {
            await ApplyOneAsync(failed[0], cursors[failed[0].Partition], cancellationToken);
        }
    }

    private async Task ApplyPartAsync(List<LogRecord> part, Dictionary<PartitionId, PartitionCursor> cursors, CancellationToken cancellationToken)
    {
        if (part.Count > 1)
        {
            var starts = part.Select(record => cursors[record.Partition]).Distinct().ToDictionary(cursor => cursor, cursor => cursor.Current);
            part.ForEach(record => cursors[record.Partition].Take(record));
            try
            {
                await ApplyAsync(part, starts.Keys, [], cancellationToken);
                return;
            }
            catch (Exception failed) when (RetryPolicy.IsOfEvent(failed, cancellationToken))
            {
                foreach (var (cursor, start) in starts)
                {
                    cursor.Return(start);
                }
            }
        }

        await ApplyHalvesAsync(part, cursors, cancellationToken);
    }

    private async Task ApplyOneAsync(LogRecord record, PartitionCursor cursor, CancellationToken cancellationToken)
    {
        cursor.Take(record);
        try
        {
            await TryAsync(cancel => ApplyAsync([record], [cursor], [], cancel), cancellationToken);
        }
        catch (Exception failed) when (RetryPolicy.IsOfEvent(failed, cancellationToken))
        {
            var poison = new PoisonEventException(consumer.Name, record, failed);
            if (!parker.Parks)
            {
                throw poison;
            }

            await ParkAsync(record, cursor, poison, cancellationToken);
        }
    }

    private async Task ParkAsync(LogRecord record, PartitionCursor cursor, PoisonEventException poison, CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow();
        var (to, anchor) = (cursor.Current, AnchorOf(cursor, now));
        using var span = ParkingSpans.Start(record, consumer, messagingSystem, poison);
        await WriteAsync(
            async transaction =>
            {
                await store.Checkpoints.MoveAsync(transaction, cursor.Committed, to, anchor);
                await parker.ParkAsync(transaction, record, poison);
            },
            keys: null,
            trace: null,
            cancellationToken);
        // Who sees that it is parked finds the warning.
        parker.LogParked(record, poison);
        cursor.Commit(to, anchor);
        cursor.Parked.Add(record.Event.Key, now, poison);
    }
}
