using System.Diagnostics;
using FlowPlatform.Log;
using FlowPlatform.Stores;
using FlowPlatform.Telemetry;

namespace FlowPlatform.Consumers;

/// <summary>Puts records into transactions: checkpoint first, by compare-and-set (rule C1), then the handlers. Finds the culprit when a batch fails. Used by one loop.</summary>
internal sealed class BatchApplier(Consumer consumer, IStore store, TimeProvider clock, string messagingSystem = "flow")
{
    /// <summary>A reactor's transaction should not hold the store's one writer longer (rule P6).</summary>
    private const double TargetMs = 20;
    private const int Attempts = 4;
    private static readonly TimeSpan AnchorEvery = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan CommitSkippedEvery = TimeSpan.FromSeconds(1);
    private readonly HashSet<PartitionCursor> touched = [];
    private readonly Dictionary<PartitionCursor, Checkpoint> before = [];
    private readonly List<(PartitionCursor Cursor, CursorNote Note)> notes = [];
    private double msPerEvent = 0.1;
    private bool due;
    private FlowException? fault;
    private bool applying;
    private long lastCommit = clock.GetTimestamp();

    /// <summary>Why the store takes nothing at present, and since when; null if it does.</summary>
    public (string Reason, DateTimeOffset Since)? Trouble { get; private set; }

    /// <summary>True from before the first record of a transaction is taken until it is committed, or skipped.</summary>
    public bool Applying => Volatile.Read(ref applying);

    public void Begin()
    {
        Volatile.Write(ref applying, true);
        before.Clear();
        notes.Clear();
        due = false;
    }

    public void End() => Volatile.Write(ref applying, false);

    /// <summary>Takes records of the item for the next transaction.</summary>
    /// <returns>True if the item is exhausted and there is room for more.</returns>
    public bool Take(FeedItem item, List<LogRecord> records)
    {
        var limit = consumer is Reactor ? (int)Math.Clamp(TargetMs / msPerEvent, 1, consumer.MaxBatch) : consumer.MaxBatch;
        var cursor = item.Cursor;
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
        // What no handler wants moves the position only; that may wait for a transaction with effect, for one a second is enough.
        if (!due && notes.Count == 0 && !records.Exists(consumer.Wants) && clock.GetElapsedTime(lastCommit) < CommitSkippedEvery && !touched.Any(ProducerChanged))
        {
            return;
        }

        var started = clock.GetTimestamp();
        try
        {
            await ApplyAsync(records, touched, notes, cancellationToken);
        }
        catch (Exception failed) when (failed is not (OperationCanceledException or OwnershipLostException))
        {
            await ApplySinglyAsync(records, cancellationToken);
        }

        var elapsed = clock.GetElapsedTime(started);
        lastCommit = clock.GetTimestamp();
        touched.Clear();
        if (records.Count > 0)
        {
            msPerEvent = (0.8 * msPerEvent) + (0.2 * Math.Max(0.001, elapsed.TotalMilliseconds / records.Count));
        }

        if (fault is not null)
        {
            throw fault;
        }
    }

    private static bool ProducerChanged(PartitionCursor cursor) => cursor.Committed.Producer is { } producer && producer != cursor.Current.Producer;

    private async Task ApplyAsync(
        IReadOnlyList<LogRecord> records, IReadOnlyCollection<PartitionCursor> cursors, IReadOnlyList<(PartitionCursor Cursor, CursorNote Note)> noted, CancellationToken cancellationToken)
    {
        var started = Stopwatch.GetTimestamp();
        var now = clock.GetUtcNow();
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

                await consumer.ApplyAsync(transaction, records, trace);
            },
            trace,
            cancellationToken);
        foreach (var (cursor, to, anchor) in moves)
        {
            cursor.Commit(to, anchor);
        }

        trace?.Commit();
        FlowMetrics.Committed(consumer.Name, records, Stopwatch.GetElapsedTime(started), clock.GetUtcNow(), replayed, trace);
    }

    /// <summary>A consumer waits for a busy store as long as it takes: that is its back-pressure.</summary>
    private async Task WriteAsync(Func<StoreTransaction, Task> work, BatchTrace? trace, CancellationToken cancellationToken)
    {
        var backoff = new Backoff(clock);
        while (true)
        {
            try
            {
                await store.WriteAsync(
                    async transaction =>
                    {
                        await work(transaction);
                        return true;
                    },
                    cancellationToken);
                Trouble = null;
                return;
            }
            catch (StoreBusyException busy)
            {
                Trouble = (busy.Message, Trouble?.Since ?? clock.GetUtcNow());
                await backoff.WaitAsync(cancellationToken);
            }
            catch (Exception failed)
            {
                trace?.Fail(failed);
                throw;
            }
        }
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

    /// <summary>Goes through a failed batch one event at a time, so that everything before the culprit is applied and the culprit is known.</summary>
    private async Task ApplySinglyAsync(List<LogRecord> records, CancellationToken cancellationToken)
    {
        var ends = touched.ToDictionary(cursor => cursor, cursor => cursor.Current);
        foreach (var (cursor, start) in before)
        {
            cursor.Return(start);
        }

        var byPartition = touched.ToDictionary(cursor => cursor.Partition);
        foreach (var record in records)
        {
            var cursor = byPartition[record.Partition];
            cursor.Take(record);
            await ApplyWithRetriesAsync(record, cursor, cancellationToken);
        }

        // What was dropped behind the last applied record still moves the position.
        foreach (var (cursor, end) in ends)
        {
            cursor.Return(end);
        }

        await ApplyAsync([], touched, notes, cancellationToken);
    }

    private async Task ApplyWithRetriesAsync(LogRecord record, PartitionCursor cursor, CancellationToken cancellationToken)
    {
        var backoff = new Backoff(clock);
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                await ApplyAsync([record], [cursor], [], cancellationToken);
                return;
            }
            catch (Exception failed) when (failed is not (OperationCanceledException or OwnershipLostException))
            {
                if (attempt == Attempts)
                {
                    throw new PoisonEventException(consumer.Name, record, failed);
                }

                await backoff.WaitAsync(cancellationToken);
            }
        }
    }
}
