using FlowPlatform.Log;
using FlowPlatform.Stores;
using FlowPlatform.Telemetry;

namespace FlowPlatform.Outbox;

/// <summary>
/// Publishes one partition's outbox rows, contiguous and ascending (rule P4), after it has looked at what the log has of them (rule P3). Resending is always sound: the log drops by
/// sequence. Ends only by cancellation or by the exception that stops the relay.
/// </summary>
internal sealed class PartitionRelay(IEventLog log, IOutbox outbox, StreamDefinition stream, OutboxHead start, TimeProvider clock) : IDisposable
{
    private const int MaxEvents = 1_000;
    private const long MaxBytes = 512 * 1024;

    /// <summary>
    /// While one batch is on its way the next fills up; more are sent at once only as long as they are worth a chunk of their own. The broker hands over chunks, whatever is in them.
    /// </summary>
    private const int WorthPipelining = 100;
    private const int MaxInFlight = 4;
    private readonly SendPace pace = new(clock);
    private readonly OutboxRecognition recognition = new(log, outbox, start.Partition);

    /// <summary>
    /// Nothing is trimmed between the look at what the log has and the conclusion what to publish again. Waits for it have no token, since who holds it is cancelled with them: one with a token goes on
    /// in the thread pool, wherever it was awaited.
    /// </summary>
    private readonly SemaphoreSlim looking = new(1);
    private readonly Lock gate = new();
    private volatile TaskCompletionSource lookAgain = new();
    private volatile bool looked;
    private long refillTo;
    private int losses;
    private OutboxConfirm confirmed = new(start.Partition, start.Confirmed, start.ConfirmedId ?? "");
    private string? error;

    public PartitionId Partition => start.Partition;

    /// <summary>The newest confirm; written by the relay, read by anyone.</summary>
    public OutboxConfirm Confirmed
    {
        get
        {
            lock (gate)
            {
                return confirmed;
            }
        }
    }

    /// <summary>Why it doesn't publish at present; null if it does.</summary>
    public string? Error => Volatile.Read(ref error);

    public DateTimeOffset? UnavailableSince { get; private set; } = clock.GetUtcNow();

    /// <summary>True while a lost tail is being published again.</summary>
    public bool Refilling => Volatile.Read(ref refillTo) > 0;

    /// <summary>How many lost tails it has found: after each, what was confirmed long ago was confirmed only just now.</summary>
    public int Losses => Volatile.Read(ref losses);

    /// <summary>How long it has been connected in all; rows are kept for a time of that after confirm (rule P5).</summary>
    public TimeSpan Connected { get; private set; }

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        var backoff = new Backoff(clock);
        while (true)
        {
            try
            {
                await log.EnsureStreamAsync(stream, cancellationToken);
                await using var writer = await log.OpenWriterAsync(Partition, outbox.Producer, cancellationToken);
                var from = await LookAsync(writer, cancellationToken);
                backoff.Reset();
                (error, UnavailableSince) = (null, null);
                await PublishAsync(writer, from, cancellationToken);
            }
            catch (Exception gone) when (gone is EventLogUnavailableException or StreamNotFoundException or StoreBusyException)
            {
                looked = false;
                Volatile.Write(ref error, gone.Message);
                UnavailableSince ??= clock.GetUtcNow();
                await backoff.WaitAsync(cancellationToken);
            }
        }
    }

    /// <summary>
    /// Looks once more whether the log has what it has confirmed (rule P3): a copy of this store that publishes, too, shows up here and not in a confirm, for the log drops what it has and confirms it.
    /// </summary>
    /// <returns>False if it hasn't, or can't be looked at now.</returns>
    /// <exception cref="OutboxIdentityException">Outbox and log don't fit.</exception>
    public async Task<bool> VerifyAsync(CancellationToken cancellationToken)
    {
        await looking.WaitAsync(CancellationToken.None);
        try
        {
            return await HasConfirmedAsync(cancellationToken);
        }
        finally
        {
            looking.Release();
        }
    }

    /// <summary>Deletes confirmed rows, if the log still has them (rule P5).</summary>
    /// <returns>How many; null if nothing may be deleted now.</returns>
    /// <exception cref="OutboxIdentityException">Outbox and log don't fit.</exception>
    public async Task<int?> TrimAsync(long upTo, int maxRows, CancellationToken cancellationToken)
    {
        await looking.WaitAsync(CancellationToken.None);
        try
        {
            return await HasConfirmedAsync(cancellationToken) ? await outbox.TrimAsync(Partition, upTo, maxRows, cancellationToken) : null;
        }
        finally
        {
            looking.Release();
        }
    }

    public void Dispose() => looking.Dispose();

    private async Task<bool> HasConfirmedAsync(CancellationToken cancellationToken)
    {
        if (!looked || Refilling)
        {
            return false;
        }

        try
        {
            if ((await recognition.LookAsync(Confirmed, cancellationToken)).TailLost)
            {
                lookAgain.TrySetResult();
                return false;
            }

            return true;
        }
        catch (Exception gone) when (gone is EventLogUnavailableException or StreamNotFoundException)
        {
            return false;
        }
    }

    /// <summary>Rule P3.</summary>
    /// <returns>The sequence after which to publish.</returns>
    private async Task<long> LookAsync(IPartitionWriter writer, CancellationToken cancellationToken)
    {
        await looking.WaitAsync(CancellationToken.None);
        try
        {
            lookAgain = new TaskCompletionSource();
            var standing = await recognition.LookAsync(Confirmed, cancellationToken);
            if (!standing.TailLost)
            {
                Volatile.Write(ref refillTo, 0);
                looked = true;
                return standing.Known.Confirmed;
            }

            Interlocked.Increment(ref losses);
            Volatile.Write(ref refillTo, standing.Known.Confirmed);
            looked = true;
            var from = await LostTail.BeginAsync(writer, outbox, standing, clock, cancellationToken);
            Stored(from);
            return from;
        }
        finally
        {
            looking.Release();
        }
    }

    /// <summary>The log has everything up to here.</summary>
    private void Stored(long sequence)
    {
        if (sequence >= Volatile.Read(ref refillTo))
        {
            Volatile.Write(ref refillTo, 0);
        }
    }

    private async Task PublishAsync(IPartitionWriter writer, long from, CancellationToken cancellationToken)
    {
        var sent = from;
        var underLoad = false;
        var connectedAt = clock.GetTimestamp();
        var before = Connected;
        var inFlight = new Queue<(Task Append, OutboxConfirm Confirm)>();
        try
        {
            while (true)
            {
                Connected = before + clock.GetElapsedTime(connectedAt);
                ThrowIfShort();
                if (inFlight.Count == 0 || (underLoad && inFlight.Count < MaxInFlight))
                {
                    if (inFlight.Count == 0)
                    {
                        await pace.WaitAsync(cancellationToken);
                    }

                    var seen = outbox.EventsAdded.Version;
                    var rows = await outbox.ReadAsync(Partition, sent, MaxEvents, MaxBytes, cancellationToken);
                    underLoad = rows.Count >= WorthPipelining;
                    if (rows.Count > 0)
                    {
                        pace.Sent(worthAChunk: underLoad);
                        var confirmedWith = Follow(rows, sent);
                        inFlight.Enqueue((SendTrace.AppendAsync(writer, rows, log.MessagingSystem, cancellationToken), confirmedWith));
                        sent = rows[^1].Sequence;
                        continue;
                    }

                    if (inFlight.Count == 0)
                    {
                        await WaitAsync(writer, seen, cancellationToken);
                        continue;
                    }
                }

                var (append, confirm) = inFlight.Peek();
                await append;
                inFlight.Dequeue();
                lock (gate)
                {
                    confirmed = confirm.Sequence > confirmed.Sequence ? confirm : confirmed;
                }

                Stored(confirm.Sequence);
            }
        }
        finally
        {
            Connected = before + clock.GetElapsedTime(connectedAt);
            await ObserveAsync(inFlight.Select(item => item.Append));
        }
    }

    /// <summary>What is confirmed with these rows, which must follow what was sent.</summary>
    private OutboxConfirm Follow(IReadOnlyList<EventEnvelope> rows, long sent) => rows[0].Sequence == sent + 1
        ? new OutboxConfirm(Partition, rows[^1].Sequence, rows[^1].Id)
        : throw new OutboxIdentityException(
            Partition, outbox.Producer, OutboxIdentityCase.RowsMissing, $"the outbox goes on with sequence {rows[0].Sequence} after {sent}: rows were deleted by hand. Restore the store from a backup that has them.");

    /// <summary>Waits for rows. Notices that the log went away, too: it may have lost a confirmed tail, which must not wait for the next row to be published again.</summary>
    private async Task WaitAsync(IPartitionWriter writer, long seen, CancellationToken cancellationToken)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var first = await Task.WhenAny(outbox.EventsAdded.WaitAsync(seen, either.Token), writer.Closed, lookAgain.Task);
        either.Cancel();
        cancellationToken.ThrowIfCancellationRequested();
        ThrowIfShort();
        if (first == writer.Closed)
        {
            throw new EventLogUnavailableException($"The connection for publishing to {Partition} has ended.");
        }
    }

    /// <summary>The first failure has been thrown already; the others fail with it and say the same.</summary>
    private static Task<AggregateException?> ObserveAsync(IEnumerable<Task> appends) =>
        Task.WhenAll(appends).ContinueWith(static all => all.Exception, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);

    private void ThrowIfShort()
    {
        if (lookAgain.Task.IsCompleted)
        {
            throw new EventLogUnavailableException($"{Partition} lacks what it had confirmed; it is looked at again.");
        }
    }
}
