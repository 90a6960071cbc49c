using System.Threading.Channels;
using FlowPlatform.Hosting;
using FlowPlatform.Log;
using FlowPlatform.Stores;

namespace FlowPlatform.Consumers;

/// <summary>
/// Runs one consumer: feeds of all its partitions into one loop; whatever is buffered, up to a maximum, is one transaction (no linger), in which checkpoint and rows commit together.
/// Ends only by cancellation or by the exception that stops the consumer.
/// </summary>
internal sealed class ConsumerLoop(ConsumerDefinition definition, Consumer consumer, IStore store, IEventLog log, TimeProvider clock)
{
    private readonly Channel<FeedItem> queue = Channel.CreateBounded<FeedItem>(64);
    private readonly List<PartitionFeed> feeds = [];
    private BatchApplier? applier;
    private volatile string? waitingFor;

    public Consumer Consumer => consumer;

    /// <summary>The exception that stopped it; null while it runs.</summary>
    public Exception? Failure { get; private set; }

    /// <summary>The stream that does not exist yet, or why it can't be asked for; null if all do.</summary>
    public string? WaitingFor => waitingFor;

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

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        using var stopping = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        List<Task> running = [];
        try
        {
            applier = new BatchApplier(consumer, store, clock);
            foreach (var cursor in await AttachAsync(stopping.Token))
            {
                lock (feeds)
                {
                    feeds.Add(new PartitionFeed(log, cursor, queue.Writer, clock));
                }
            }

            running = [.. Feeds.Select(feed => feed.RunAsync(stopping.Token)), ApplyAsync(stopping.Token)];
            await await Task.WhenAny(running);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            throw;
        }
        catch (Exception stopped)
        {
            Failure = stopped;
            throw;
        }
        finally
        {
            await stopping.CancelAsync();
            await Task.WhenAll(running).ContinueWith(_ => { }, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
            while (queue.Reader.TryRead(out var item))
            {
                item.Batch.Dispose();
            }
        }
    }

    private async Task ApplyAsync(CancellationToken cancellationToken)
    {
        FeedItem? open = null;
        var records = new List<LogRecord>(consumer.MaxBatch);
        var done = new List<FeedItem>();
        while (true)
        {
            if (open is null && !queue.Reader.TryRead(out open))
            {
                open = await queue.Reader.ReadAsync(cancellationToken);
            }

            applier!.Begin();
            while (open is not null && applier.Take(open, records))
            {
                done.Add(open);
                open = queue.Reader.TryRead(out var next) ? next : null;
            }

            await applier.CommitAsync(records, cancellationToken);
            done.ForEach(static item => item.Batch.Dispose());
            done.Clear();
            records.Clear();
        }
    }

    /// <summary>Loads checkpoints, and creates those of partitions that it never read. Waits for streams that do not exist yet.</summary>
    private async Task<List<PartitionCursor>> AttachAsync(CancellationToken cancellationToken)
    {
        var known = (await store.Checkpoints.LoadAsync(consumer.Name, cancellationToken)).ToDictionary(state => state.Checkpoint.Partition);
        var cursors = new List<PartitionCursor>();
        foreach (var stream in definition.Streams)
        {
            var partitions = await CountPartitionsAsync(stream, cancellationToken);
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

                cursors.Add(new PartitionCursor(state));
            }
        }

        waitingFor = null;
        return cursors;
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
                waitingFor = absent.Message;
                await backoff.WaitAsync(cancellationToken);
            }
        }
    }
}
