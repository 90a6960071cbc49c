using System.Collections.Concurrent;
using System.Threading.Channels;
using FlowPlatform.Hosting;
using FlowPlatform.Log;
using FlowPlatform.Stores;
using Microsoft.Extensions.Logging;

namespace FlowPlatform.Consumers;

/// <summary>
/// Runs one consumer: feeds of all its partitions into one loop; whatever is buffered, up to a maximum, is one transaction (no linger), in which checkpoint and rows commit together.
/// Ends only by cancellation or by the exception that stops the consumer.
/// </summary>
internal sealed class ConsumerLoop
{
    private readonly ConsumerDefinition definition;
    private readonly Consumer consumer;
    private readonly IStore store;
    private readonly IEventLog log;
    private readonly TimeProvider clock;
    private readonly Channel<FeedItem> queue = Channel.CreateBounded<FeedItem>(64);
    private readonly List<PartitionFeed> feeds = [];
    private readonly BatchApplier applier;
    private readonly ParkedRequests requests;
    private readonly ConcurrentDictionary<string, Waiting> waitingFor = new(StringComparer.Ordinal);

    /// <summary>Creates a loop; it does nothing until it runs.</summary>
    /// <param name="definition">What it reads.</param>
    /// <param name="consumer">What it feeds.</param>
    /// <param name="store">Where the consumer's rows are.</param>
    /// <param name="main">The service's main store, for discards and audit; the same as <paramref name="store"/> for reactors.</param>
    /// <param name="log">The log.</param>
    /// <param name="clock">Clock.</param>
    /// <param name="logger">Logger.</param>
    public ConsumerLoop(ConsumerDefinition definition, Consumer consumer, IStore store, IServiceStore main, IEventLog log, TimeProvider clock, ILogger logger)
    {
        this.definition = definition;
        this.consumer = consumer;
        this.store = store;
        this.log = log;
        this.clock = clock;
        applier = new BatchApplier(consumer, store, clock, log.MessagingSystem, logger);
        requests = new ParkedRequests(consumer, store, main, applier, clock, logger, log.MessagingSystem);
    }

    public Consumer Consumer => consumer;

    /// <summary>Names of the streams that it reads.</summary>
    public IReadOnlyList<string> Streams => definition.Streams;

    /// <summary>The exception that stopped it; null while it runs.</summary>
    public Exception? Failure { get; private set; }

    /// <summary>Why its store takes nothing at present, and since when; null if it does.</summary>
    public (string Reason, DateTimeOffset Since)? Trouble => applier.Trouble;

    /// <summary>True while what its cursors have taken in is not committed.</summary>
    public bool Applying => applier.Applying;

    /// <summary>By stream: why it is not attached yet.</summary>
    public IReadOnlyDictionary<string, Waiting> WaitingFor => waitingFor;

    public IReadOnlyList<PartitionFeed> Feeds
    {
        get
        {
            lock (feeds)
            {
                return [.. feeds];
            }
        }
    }

    /// <summary>Records what <see cref="RunAsync"/> ended with.</summary>
    public void Fail(Exception stopped) => Failure = stopped;

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        using var stopping = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        List<Task> feeding = [];
        var applying = Task.CompletedTask;
        try
        {
            var known = (await store.Checkpoints.LoadAsync(consumer.Name, stopping.Token)).ToDictionary(state => state.Checkpoint.Partition);
            feeding = [.. definition.Streams.Select(stream => FeedAsync(stream, known, stopping.Token))];
            applying = ApplyAsync(cancellationToken);
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
                item.Batch.Dispose();
            }
        }
    }

    /// <summary>Waits for the end, whatever it is: what it throws is known, or follows from what is.</summary>
    private static Task<AggregateException?> EndAsync(Task task) => task.ContinueWith(static ended => ended.Exception, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);

    private async Task ApplyAsync(CancellationToken cancellationToken)
    {
        FeedItem? open = null;
        var records = new List<LogRecord>(consumer.MaxBatch);
        var done = new List<FeedItem>();
        while (true)
        {
            var attached = Feeds;
            await requests.ServeAsync(attached, cancellationToken);
            if (open is null && !queue.Reader.TryRead(out open))
            {
                if (!await requests.WaitAsync(queue.Reader, attached, cancellationToken))
                {
                    return;
                }

                continue;
            }

            applier.Begin();
            while (open is not null && applier.Take(open, records))
            {
                done.Add(open);
                open = queue.Reader.TryRead(out var next) ? next : null;
            }

            await applier.CommitAsync(records, cancellationToken);
            applier.End();
            done.ForEach(static item => item.Batch.Dispose());
            done.Clear();
            records.Clear();
        }
    }

    /// <summary>Attaches to one stream, waiting for it if it does not exist yet, and feeds its partitions. Streams don't wait for one another.</summary>
    private async Task FeedAsync(string stream, Dictionary<PartitionId, CheckpointState> known, CancellationToken cancellationToken)
    {
        var partitions = await CountPartitionsAsync(stream, cancellationToken);
        var attached = new List<PartitionFeed>();
        foreach (var id in Enumerable.Range(0, partitions).Select(index => new PartitionId(stream, index)))
        {
            if (!known.TryGetValue(id, out var state))
            {
                state = await CreateAsync(id, partitions, cancellationToken);
            }

            if (state.Checkpoint.Partitions != partitions)
            {
                throw new LogIdentityException(
                    consumer.Name,
                    id,
                    LogIdentityCase.PartitionCountChanged,
                    $"the stream has {partitions} partitions, but had {state.Checkpoint.Partitions} when the consumer attached. Keys would move: growth is a new stream.");
            }

            attached.Add(new PartitionFeed(log, new PartitionCursor(state), queue.Writer, clock));
        }

        lock (feeds)
        {
            feeds.AddRange(attached);
        }

        waitingFor.TryRemove(stream, out _);
        using var stopping = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var running = attached.ConvertAll(feed => feed.RunAsync(stopping.Token));
        try
        {
            await await Task.WhenAny(running);
        }
        finally
        {
            stopping.Cancel();
            await EndAsync(Task.WhenAll(running));
        }
    }

    private async Task<CheckpointState> CreateAsync(PartitionId id, int partitions, CancellationToken cancellationToken)
    {
        var checkpoint = new Checkpoint { Consumer = consumer.Name, Partition = id, Partitions = partitions };
        await store.WriteAsync(
            async transaction =>
            {
                await store.Checkpoints.CreateAsync(transaction, checkpoint);
                return true;
            },
            cancellationToken);
        return new CheckpointState(checkpoint, [], new Dictionary<string, long>());
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
