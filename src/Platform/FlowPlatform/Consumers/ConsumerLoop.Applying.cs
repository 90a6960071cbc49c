using System.Collections.Concurrent;
using FlowPlatform.Consumers.Sharing;
using FlowPlatform.Hosting;
using FlowPlatform.Log;
using FlowPlatform.Stores;
using Microsoft.Extensions.Logging.Abstractions;

namespace FlowPlatform.Consumers;

/// <content>The one task that applies, and how partitions leave it: between transactions, or with one that is given up.</content>
internal sealed partial class ConsumerLoop
{
    /// <summary>Positions of what nobody handles are committed after so much idleness where there are replicas: the others read them in the database.</summary>
    private static readonly TimeSpan Idle = TimeSpan.FromSeconds(1);
    private readonly BatchApplier applier = new(consumer, store, clock, log.MessagingSystem, logger);
    private readonly ConcurrentQueue<Attachment> leaving = new();
    private volatile CancellationTokenSource abandoning = new();
    private ParkedRequests? requests;

    /// <summary>Why its store takes nothing at present, and since when; null if it does.</summary>
    public (string Reason, DateTimeOffset Since)? Trouble => applier.Trouble;

    /// <summary>What it has committed since it was created.</summary>
    public BatchStatus Batches => applier.Committed;

    /// <summary>True while what its cursors have taken in is not committed.</summary>
    public bool Applying => applier.Applying;

    private ParkedRequests Requests => requests ??= new(consumer, store, main ?? (IServiceStore)store, clock, logger ?? NullLogger.Instance, applier, log.MessagingSystem);

    /// <summary>Looked at before every batch: it must cost nothing.</summary>
    private bool AnyParked
    {
        get
        {
            foreach (var (cursor, _) in attached)
            {
                if (cursor.Parked.Any)
                {
                    return true;
                }
            }

            return false;
        }
    }

    private async Task ApplyAsync(CancellationToken stopping)
    {
        FeedItem? open = null;
        var records = new List<LogRecord>(consumer.MaxBatch);
        var done = new List<FeedItem>();
        while (true)
        {
            LetGo();
            if (AnyParked && Requests.IsDue(attached.Keys))
            {
                await CommitAsync(() => Requests.ServeAsync([.. attached.Keys], abandoning.Token), stopping);
            }

            if (open is null && !queue.Reader.TryRead(out open))
            {
                if (!await WaitAsync())
                {
                    return;
                }

                continue;
            }

            if (open is null || !attached.ContainsKey(open.Cursor))
            {
                open?.Batch.Dispose();
                open = null;
                continue;
            }

            applier.Begin();
            while (open is not null && attached.ContainsKey(open.Cursor) && applier.Take(open, records))
            {
                done.Add(open);
                open = queue.Reader.TryRead(out var next) ? next : null;
            }

            await CommitAsync(() => applier.CommitAsync(records, abandoning.Token), stopping);
            applier.End();
            done.ForEach(static item => item.Batch.Dispose());
            done.Clear();
            records.Clear();
        }
    }

    /// <summary>Waits for something to read, or to let go of; commits what positions there are after a while.</summary>
    /// <returns>False: nothing comes any more.</returns>
    private async Task<bool> WaitAsync()
    {
        if (AnyParked)
        {
            return await WaitForRequestsAsync();
        }

        if (!ownership.IsShared || !applier.HasUncommitted)
        {
            return await queue.Reader.WaitToReadAsync(CancellationToken.None);
        }

        using var idle = new CancellationTokenSource(Idle, clock);
        try
        {
            return await queue.Reader.WaitToReadAsync(idle.Token);
        }
        catch (OperationCanceledException)
        {
            await CommitAsync(() => applier.FlushAsync(abandoning.Token), CancellationToken.None);
            return true;
        }
    }

    private async Task<bool> WaitForRequestsAsync()
    {
        var readable = await Requests.WaitAsync(queue.Reader);
        if (readable is null && ownership.IsShared && applier.HasUncommitted)
        {
            await CommitAsync(() => applier.FlushAsync(abandoning.Token), CancellationToken.None);
        }

        return readable ?? true;
    }

    /// <summary>Commits; if it can't, because the partitions are another's, or it takes too long for one that is asked for them, they leave this consumer, and it goes on with the others.</summary>
    private async Task CommitAsync(Func<Task> commit, CancellationToken stopping)
    {
        try
        {
            await commit();
        }
        catch (OwnershipLostException) when (ownership.IsShared)
        {
            Drop(static hold => hold.Lose());
        }
        catch (OperationCanceledException) when (abandoning.IsCancellationRequested && !stopping.IsCancellationRequested)
        {
            Drop(static hold => hold.LetGo());
            abandoning = new();
        }
    }

    /// <summary>Which of the transaction's partitions it was is not known for sure: those that are still this replica's are taken again, and read from where they are committed.</summary>
    private void Drop(Action<LeaseHold> end)
    {
        var holds = applier.Touched.Select(cursor => cursor.Hold).OfType<LeaseHold>().ToHashSet();
        foreach (var attachment in attached.Values.Where(attachment => holds.Contains(attachment.Hold)))
        {
            attached.TryRemove(attachment.Cursor, out _);
            applier.Forget(attachment.Cursor);
        }

        foreach (var hold in holds)
        {
            end(hold);
        }
    }

    private void LetGo()
    {
        while (leaving.TryDequeue(out var attachment))
        {
            attached.TryRemove(attachment.Cursor, out _);
            applier.Forget(attachment.Cursor);
            attachment.Go();
        }
    }

    /// <summary>Waits until the transaction in progress has ended; what else was read of the partition is dropped.</summary>
    private async Task DetachAsync(Attachment attachment)
    {
        leaving.Enqueue(attachment);
        queue.Writer.TryWrite(null!);
        var ended = Task.WhenAny(attachment.WhenGoneAsync(), applying);
        await AbandonLaterAsync(ended);
        await ended;
    }

    /// <summary>Gives the transaction in progress up if it takes too long; at once if the store takes nothing anyway.</summary>
    private async Task AbandonLaterAsync(Task until)
    {
        if (applier.Trouble is null)
        {
            using var limit = new CancellationTokenSource();
            await Task.WhenAny(until, Task.Delay(stopTimeout, clock, limit.Token));
            limit.Cancel();
        }

        if (!until.IsCompleted)
        {
            abandoning.Cancel();
        }
    }
}
