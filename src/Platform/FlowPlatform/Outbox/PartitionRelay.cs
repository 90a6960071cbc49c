using FlowPlatform.Consumers;
using FlowPlatform.Events;
using FlowPlatform.Log;
using FlowPlatform.Stores;
using FlowPlatform.Telemetry;

namespace FlowPlatform.Outbox;

/// <summary>
/// Publishes one partition's outbox rows, contiguous and ascending (rule P4), after it has looked at what the log has of them (rule P3). Resending is always sound: the log drops by
/// sequence. Ends only by cancellation or by the exception that stops the relay.
/// </summary>
internal sealed class PartitionRelay(IEventLog log, IOutbox outbox, StreamDefinition stream, OutboxHead start, TimeProvider clock)
{
    private const int MaxEvents = 1_000;
    private const long MaxBytes = 512 * 1024;

    /// <summary>
    /// While one batch is on its way the next fills up; more are sent at once only as long as they are worth a chunk of their own. The broker hands over chunks, whatever is in them.
    /// </summary>
    private const int WorthPipelining = 100;
    private const int MaxInFlight = 4;
    private readonly SendPace pace = new(clock);

    private readonly Lock gate = new();
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
            catch (Exception gone) when (gone is EventLogUnavailableException or StreamNotFoundException)
            {
                Volatile.Write(ref error, gone.Message);
                UnavailableSince ??= clock.GetUtcNow();
                await backoff.WaitAsync(cancellationToken);
            }
        }
    }

    /// <summary>Rule P3.</summary>
    /// <returns>The sequence after which to publish.</returns>
    private async Task<long> LookAsync(IPartitionWriter writer, CancellationToken cancellationToken)
    {
        var head = (await outbox.ReadHeadsAsync(cancellationToken)).FirstOrDefault(candidate => candidate.Partition == Partition) ?? new OutboxHead(Partition, 0, 0, null);
        var known = Confirmed.Sequence > head.Confirmed ? head with { Confirmed = Confirmed.Sequence, ConfirmedId = Confirmed.EventId } : head;
        if (await log.ReadLastOfAsync(Partition, outbox.Producer, cancellationToken) is not { } own)
        {
            return known.Confirmed == 0 ? 0 : throw Unfit(
                $"the log has none of its events, though it had confirmed {known.Confirmed}: the stream was created anew, or this is another broker. Restore the log, or start from new stores.");
        }

        var last = own.Event.Sequence;
        if (last > known.Assigned)
        {
            throw Unfit($"the log has sequence {last}, but the outbox has assigned only {known.Assigned}: the store was restored from an older backup.");
        }

        var expected = last == known.Confirmed ? known.ConfirmedId : await outbox.FindIdAsync(Partition, last, cancellationToken);
        if (expected is not null && expected != own.Event.Id && own.Event.Type != GapEvent.TypeName)
        {
            throw Unfit($"at sequence {last} the log has event {own.Event.Id}, the outbox {expected}: the store was restored from an older backup and has decided anew.");
        }

        return last < known.Confirmed
            ? await FillLostTailAsync(writer, last, known, cancellationToken)
            : known.Confirmed;
    }

    /// <summary>The log lost a tail: it is published again from the rows, and what was trimmed of it is announced as a gap (rule P5).</summary>
    private async Task<long> FillLostTailAsync(IPartitionWriter writer, long last, OutboxHead known, CancellationToken cancellationToken)
    {
        var lowest = await outbox.FindLowestAsync(Partition, cancellationToken) ?? known.Assigned + 1;
        if (lowest <= last + 1)
        {
            return last;
        }

        var now = clock.GetUtcNow();
        var id = DeterministicId.Create(outbox.Producer, GapEvent.TypeName, $"{Partition}/{last + 1}", 0).ToString();
        await writer.AppendAsync(
            [
                new EventEnvelope
                {
                    Id = id,
                    Type = GapEvent.TypeName,
                    Source = outbox.Producer.Split('/')[0],
                    Key = id,
                    Time = now,
                    CommittedAt = now,
                    Producer = outbox.Producer,
                    Sequence = lowest - 1,
                    Data = FlowJson.Serialize(new GapEvent(last + 1, lowest - 1)),
                },
            ],
            cancellationToken);
        return lowest - 1;
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
        : throw Unfit($"the outbox goes on with sequence {rows[0].Sequence} after {sent}: rows were deleted by hand.");

    /// <summary>Waits for rows. Notices that the log went away, too: it may have lost a confirmed tail, which must not wait for the next row to be published again.</summary>
    private async Task WaitAsync(IPartitionWriter writer, long seen, CancellationToken cancellationToken)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var first = await Task.WhenAny(outbox.EventsAdded.WaitAsync(seen, either.Token), writer.Closed);
        either.Cancel();
        cancellationToken.ThrowIfCancellationRequested();
        if (first == writer.Closed)
        {
            throw new EventLogUnavailableException($"The connection for publishing to {Partition} has ended.");
        }
    }

    /// <summary>The first failure has been thrown already; the others fail with it and say the same.</summary>
    private static Task<AggregateException?> ObserveAsync(IEnumerable<Task> appends) =>
        Task.WhenAll(appends).ContinueWith(static all => all.Exception, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);

    private OutboxIdentityException Unfit(string detail) => new(Partition, outbox.Producer, detail);
}
