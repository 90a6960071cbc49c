using System.Collections.Concurrent;
using System.Threading.Channels;
using FlowPlatform.Consumers.Sharing;
using FlowPlatform.Hosting;
using FlowPlatform.Log;
using FlowPlatform.Stores;
using Microsoft.Extensions.Logging;

namespace FlowPlatform.Consumers;

/// <summary>
/// Runs one consumer: feeds of the partitions that this replica owns into one loop; whatever is buffered, up to a maximum, is one transaction (no linger), in which checkpoint and rows commit together.
/// Ends only by cancellation or by the exception that stops the consumer.
/// </summary>
internal sealed partial class ConsumerLoop(
    ConsumerDefinition definition,
    Consumer consumer,
    IStore store,
    IEventLog log,
    TimeProvider clock,
    Ownership? shared = null,
    TimeSpan? stopLimit = null,
    IServiceStore? main = null,
    ILogger? logger = null)
    : IDisposable
{
    /// <summary>Full is 64 batches; what wakes the loop is a null among them.</summary>
    private readonly Channel<FeedItem> queue = Channel.CreateBounded<FeedItem>(64);
    private readonly ConcurrentDictionary<PartitionCursor, Attachment> attached = new();
    private readonly ConcurrentDictionary<string, Waiting> waitingFor = new(StringComparer.Ordinal);
    private readonly Ownership ownership = shared ?? Ownership.Alone(clock);
    private readonly TimeSpan stopTimeout = stopLimit ?? ConsumerDefinition.StopTimeout;
    private Task applying = Task.CompletedTask;

    public Consumer Consumer => consumer;

    /// <summary>Names of the streams that it reads.</summary>
    public IReadOnlyList<string> Streams => definition.Streams;

    /// <summary>Where its checkpoints are.</summary>
    public IStore Store => store;

    /// <summary>The exception that stopped it; null while it runs.</summary>
    public Exception? Failure { get; private set; }

    /// <summary>By stream: why it is not attached yet.</summary>
    public IReadOnlyDictionary<string, Waiting> WaitingFor => waitingFor;

    /// <summary>What is read here at present, in the partitions' order.</summary>
    public IReadOnlyList<PartitionFeed> Feeds => [.. attached.Values.Select(attachment => attachment.Feed).OrderBy(feed => feed.Cursor.Partition)];

    /// <summary>True if its partitions are owned one by one, else all by one replica.</summary>
    private bool IsSharedByPartition => ownership.IsShared && (consumer is not Reactor || consumer.IsKeyed);

    /// <summary>The unit that a partition belongs to.</summary>
    public LeaseUnit UnitOf(PartitionId partition) => new(consumer.Name, IsSharedByPartition ? partition : null);

    /// <summary>Records what <see cref="RunAsync"/> ended with.</summary>
    public void Fail(Exception stopped)
    {
        Failure = stopped;
        ownership.NoteFault(consumer.Name, stopped.Message);
    }

    /// <summary>After the end.</summary>
    public void Dispose() => abandoning.Dispose();

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        using var stopping = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        List<Task> feeding = [];
        applying = ApplyAsync(cancellationToken);
        using var limit = cancellationToken.Register(() => _ = AbandonLaterAsync(applying));
        try
        {
            feeding = IsSharedByPartition ? [.. definition.Streams.Select(stream => ShareAsync(stream, stopping.Token))] : [OwnAsync(stopping.Token)];
            await await Task.WhenAny([applying, .. feeding]);
        }
        finally
        {
            // What was read before a feed's fault is sound: it is applied before the consumer stops.
            stopping.Cancel();
            await EndAsync(Task.WhenAll(feeding));
            queue.Writer.TryComplete();
            await EndAsync(applying);
            while (queue.Reader.TryRead(out var item))
            {
                item?.Batch.Dispose();
            }
        }
    }

    /// <summary>Waits for the end, whatever it is: what it throws is known, or follows from what is.</summary>
    private static Task<AggregateException?> EndAsync(Task task) => task.ContinueWith(static ended => ended.Exception, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);

    /// <summary>The whole consumer, here: nothing is shared, or the reactor is serial.</summary>
    private async Task OwnAsync(CancellationToken cancellationToken)
    {
        if (!ownership.IsShared)
        {
            using var hold = new LeaseHold(new LeaseUnit(consumer.Name, null), 0, null, cancellationToken);
            await ReadAsync(await WhenFreeAsync(() => store.Checkpoints.LoadAsync(consumer.Name, cancellationToken), cancellationToken), hold, cancellationToken);
            return;
        }

        await ownership.HoldAsync(
            new LeaseUnit(consumer.Name, null),
            store,
            async (transaction, epoch) =>
            {
                List<CheckpointState> claimed = [];
                foreach (var state in await store.Checkpoints.LoadAsync(consumer.Name, cancellationToken))
                {
                    claimed.Add(await store.Checkpoints.ClaimAsync(transaction, state.Checkpoint with { Epoch = epoch }));
                }

                return claimed;
            },
            (claimed, hold) => ReadAsync(claimed, hold, cancellationToken),
            cancellationToken);
    }

    /// <summary>All partitions of all streams. Streams don't wait for one another.</summary>
    private async Task ReadAsync(IReadOnlyList<CheckpointState> states, LeaseHold hold, CancellationToken cancellationToken)
    {
        var known = states.ToDictionary(state => state.Checkpoint.Partition);
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, hold.Ending);
        await FirstOfAsync(ending, definition.Streams.Select(stream => ReadAsync(stream, known, hold, ending.Token)));
    }

    private async Task ReadAsync(string stream, Dictionary<PartitionId, CheckpointState> known, LeaseHold hold, CancellationToken cancellationToken)
    {
        var partitions = await CountPartitionsAsync(stream, cancellationToken);
        List<CheckpointState> states = [];
        foreach (var id in PartitionsOf(stream, partitions))
        {
            states.Add(known.TryGetValue(id, out var state) ? state : await CreateAsync(id, partitions, hold, cancellationToken));
        }

        states.ForEach(state => RequireCount(state, partitions));
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        List<Attachment> attachments = states.ConvertAll(state => Attach(state, hold));
        waitingFor.TryRemove(stream, out _);
        await FirstOfAsync(ending, attachments.Select(attachment => FeedAsync(attachment, ending.Token)));
    }

    /// <summary>Each partition of a stream, while it is this replica's share.</summary>
    private async Task ShareAsync(string stream, CancellationToken cancellationToken)
    {
        var partitions = await CountPartitionsAsync(stream, cancellationToken);
        waitingFor.TryRemove(stream, out _);
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        await FirstOfAsync(ending, PartitionsOf(stream, partitions).Select(id => ownership.HoldAsync(
            UnitOf(id),
            store,
            (transaction, epoch) => store.Checkpoints.ClaimAsync(transaction, Fresh(id, partitions, epoch)),
            (state, hold) =>
            {
                RequireCount(state, partitions);
                return FeedAsync(Attach(state, hold), ending.Token);
            },
            ending.Token)));
    }

    /// <summary>Runs tasks that don't end by themselves until one does; the others end with it, and what it threw comes out.</summary>
    private static async Task FirstOfAsync(CancellationTokenSource others, IEnumerable<Task> tasks)
    {
        Task[] running = [.. tasks];
        try
        {
            await await Task.WhenAny(running);
        }
        finally
        {
            others.Cancel();
            await EndAsync(Task.WhenAll(running));
        }
    }

    private Attachment Attach(CheckpointState state, LeaseHold hold)
    {
        var cursor = new PartitionCursor(state) { Hold = hold };
        if (logger is not null)
        {
            ConsumerLog.Reads(logger, consumer.Name, state.Checkpoint.Partition, state.Checkpoint.NextOffset);
        }

        var attachment = attached[cursor] = new Attachment(cursor, new PartitionFeed(log, cursor, queue.Writer, clock), hold);
        if (cursor.Parked.Any)
        {
            // It may wait for events, and there may be none for long: from now on it looks for requests, too.
            queue.Writer.TryWrite(null!);
        }

        return attachment;
    }

    private async Task FeedAsync(Attachment attachment, CancellationToken cancellationToken)
    {
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, attachment.Hold.Ending);
        try
        {
            await attachment.Feed.RunAsync(ending.Token);
        }
        finally
        {
            if (attachment.Hold.Ending.IsCancellationRequested)
            {
                await DetachAsync(attachment);
                if (logger is not null && !cancellationToken.IsCancellationRequested)
                {
                    ConsumerLog.GaveUp(logger, consumer.Name, attachment.Feed.Cursor.Partition);
                }
            }
        }
    }

    private static IEnumerable<PartitionId> PartitionsOf(string stream, int partitions) => Enumerable.Range(0, partitions).Select(index => new PartitionId(stream, index));

    private Checkpoint Fresh(PartitionId id, int partitions, long epoch) => new() { Consumer = consumer.Name, Partition = id, Partitions = partitions, Epoch = epoch };

    private void RequireCount(CheckpointState state, int partitions)
    {
        if (state.Checkpoint.Partitions != partitions)
        {
            throw new LogIdentityException(
                consumer.Name,
                state.Checkpoint.Partition,
                LogIdentityCase.PartitionCountChanged,
                $"the stream has {partitions} partitions, but had {state.Checkpoint.Partitions} when the consumer attached. Keys would move: growth is a new stream. Take the change back and start the service again.");
        }
    }

    /// <summary>The checkpoint of a partition that the whole consumer attaches to for the first time.</summary>
    private async Task<CheckpointState> CreateAsync(PartitionId id, int partitions, LeaseHold hold, CancellationToken cancellationToken)
    {
        var fresh = Fresh(id, partitions, hold.Epoch);
        var backoff = new Backoff(clock);
        while (true)
        {
            try
            {
                return await store.WriteAsync(
                    transaction => ownership.IsShared ? store.Checkpoints.ClaimAsync(transaction, fresh) : store.Checkpoints.CreateAsync(transaction, fresh), cancellationToken);
            }
            catch (Exception passing) when (passing is StoreBusyException or CommitOutcomeUnknownException)
            {
                waitingFor[id.Stream] = new Waiting(passing.Message, null);
                await backoff.WaitAsync(cancellationToken);
            }
        }
    }

    /// <summary>Before there is anything to apply, too, a consumer waits for a busy store as long as it takes.</summary>
    private async Task<T> WhenFreeAsync<T>(Func<Task<T>> ask, CancellationToken cancellationToken)
    {
        var backoff = new Backoff(clock);
        while (true)
        {
            try
            {
                return await ask();
            }
            catch (StoreBusyException)
            {
                await backoff.WaitAsync(cancellationToken);
            }
        }
    }

    private async Task<int> CountPartitionsAsync(string stream, CancellationToken cancellationToken)
    {
        var backoff = new Backoff(clock);
        while (true)
        {
            try
            {
                return await log.GetPartitionCountAsync(stream, cancellationToken);
            }
            catch (Exception absent) when (absent is StreamNotFoundException or EventLogUnavailableException)
            {
                // A stream that does not exist yet is its producer's matter; a log that can't be reached is a dead reader.
                var known = waitingFor.GetValueOrDefault(stream)?.UnavailableSince;
                waitingFor[stream] = new Waiting(absent.Message, absent is EventLogUnavailableException ? known ?? clock.GetUtcNow() : null);
                await backoff.WaitAsync(cancellationToken);
            }
        }
    }
}

/// <summary>Why a consumer has not attached to a stream yet.</summary>
/// <param name="Reason">In words.</param>
/// <param name="UnavailableSince">Since when the log can't be reached; null if it can, but the stream does not exist.</param>
internal sealed record Waiting(string Reason, DateTimeOffset? UnavailableSince);
