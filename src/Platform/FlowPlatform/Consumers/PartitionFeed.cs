using System.Threading.Channels;
using FlowPlatform.Log;

namespace FlowPlatform.Consumers;

/// <summary>Reads one partition into the loop's queue and, when the log goes away, recognises it and reads on. Bounded by the reader's credits: a batch goes back when it is committed.</summary>
internal sealed class PartitionFeed(IEventLog log, PartitionCursor cursor, ChannelWriter<FeedItem> queue, TimeProvider clock)
{
    private long endAtSubscribe = -1;
    private DateTimeOffset? shortSince;

    /// <summary>Why it doesn't read at present; null if it does.</summary>
    public string? Error { get; private set; }

    /// <summary>Since when it doesn't read; null if it does.</summary>
    public DateTimeOffset? UnavailableSince { get; private set; } = clock.GetUtcNow();

    /// <summary>The log as it is now isn't recognised, but may become so by itself; null if it is.</summary>
    public LogIdentityException? Unrecognised { get; private set; }

    /// <summary>What the log lacks of what was applied, in words; null if it lacks nothing.</summary>
    public string? Shortage => cursor.Shortage is { } missing && shortSince is { } since
        ? $"The log has lost sequences {missing.From} to {missing.To} of {missing.Producer}, which were applied. Nothing is missing here; the producer publishes them again, which is waited for since {since:O}."
        : null;

    public PartitionCursor Cursor => cursor;

    public bool CatchingUp => endAtSubscribe > cursor.Current.LastOffset;

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        var backoff = new Backoff(clock);
        while (true)
        {
            try
            {
                await ReadAsync(backoff, cancellationToken);
            }
            catch (Exception gone) when (gone is EventLogUnavailableException or StreamNotFoundException or LogIdentityException { MayPass: true })
            {
                Error = gone.Message;
                Unrecognised = gone as LogIdentityException;
                UnavailableSince ??= clock.GetUtcNow();
                await backoff.WaitAsync(cancellationToken);
            }
        }
    }

    private async Task ReadAsync(Backoff backoff, CancellationToken cancellationToken)
    {
        var resumption = await LogRecognition.ResumeAsync(log, cursor, cancellationToken);
        await using var reader = await log.OpenReaderAsync(cursor.Partition, resumption.Position, cancellationToken);
        endAtSubscribe = (await log.ReadLastAsync(cursor.Partition, cancellationToken))?.Offset ?? -1;
        if (!await LogRecognition.IsStillAsync(log, cursor.Partition, resumption, cancellationToken))
        {
            throw new EventLogUnavailableException($"{cursor.Partition} has changed while it was being attached to.");
        }

        cursor.Recognise(resumption);
        cursor.Attach(endAtSubscribe);
        shortSince = cursor.Shortage is null ? null : shortSince ?? clock.GetUtcNow();
        (Error, Unrecognised, UnavailableSince) = (null, null, null);
        backoff.Reset();
        while (true)
        {
            var batch = await reader.ReadAsync(cancellationToken);
            await queue.WriteAsync(new FeedItem(cursor, batch), cancellationToken);
        }
    }
}

/// <summary>A batch on its way into a transaction, maybe in parts.</summary>
internal sealed class FeedItem(PartitionCursor cursor, LogBatch batch)
{
    public PartitionCursor Cursor { get; } = cursor;

    public LogBatch Batch { get; } = batch;

    /// <summary>Index of the next record to take.</summary>
    public int Next { get; set; }

    public bool Exhausted => Next == Batch.Records.Count;
}
