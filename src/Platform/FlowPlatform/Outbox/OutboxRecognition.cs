using FlowPlatform.Consumers;
using FlowPlatform.Log;
using FlowPlatform.Stores;

namespace FlowPlatform.Outbox;

/// <summary>Compares one partition's outbox with what the log has of it (rule P3). Safe for concurrent use.</summary>
internal sealed class OutboxRecognition(IEventLog log, IOutbox outbox, PartitionId partition)
{
    /// <summary>How far the clocks of broker and service may be apart.</summary>
    private static readonly TimeSpan ClockSkew = TimeSpan.FromHours(1);
    private const int MaxEvents = 1_000;
    private const long MaxBytes = 512 * 1024;
    private const string Adopt = "Restore the newer store; or adopt the log (flow adopt): the store goes on under a new name, and what the log has beyond it is not emitted again.";

    /// <summary>Looks.</summary>
    /// <param name="confirmed">What this process knows to be confirmed; the store may not have written it down yet.</param>
    /// <param name="cancellationToken">Cancels.</param>
    /// <exception cref="OutboxIdentityException">They don't fit.</exception>
    public async Task<OutboxStanding> LookAsync(OutboxConfirm confirmed, CancellationToken cancellationToken)
    {
        // What was confirmed before the look the log had had by then, and what it has at the look was assigned before the next statement: another replica may publish meanwhile, or adopt.
        var before = await HeadAsync(cancellationToken);
        var producer = outbox.Producer;
        var own = await LastOwnAsync(Math.Max(confirmed.Sequence, before.Confirmed), cancellationToken);
        var head = before with { Assigned = (await HeadAsync(cancellationToken)).Assigned };
        if (outbox.Producer != producer)
        {
            throw new EventLogUnavailableException($"The outbox goes on as {outbox.Producer} since it was compared with {partition}.");
        }

        var known = confirmed.Sequence > head.Confirmed ? head with { Confirmed = confirmed.Sequence, ConfirmedId = confirmed.EventId } : head;
        if (own is not { } last)
        {
            return known.Confirmed == 0 ? new OutboxStanding(known, 0) : throw Unfit(
                OutboxIdentityCase.Vanished,
                $"the log has none of its events, though it had confirmed {known.Confirmed}: the stream was created anew, lost all it had, or this is another broker. "
                + "Restore the log, or connect to the right broker; or adopt the log as it is (flow adopt): what the outbox still has is published again, the rest announced as a gap.");
        }

        await CompareAsync(last, known, cancellationToken);
        return new OutboxStanding(known, last.Event.Sequence);
    }

    private async Task CompareAsync(LogRecord own, OutboxHead known, CancellationToken cancellationToken)
    {
        var last = own.Event.Sequence;
        if (last > known.Assigned)
        {
            throw Unfit(OutboxIdentityCase.LogAhead, $"the log has sequence {last}, but the outbox has assigned only {known.Assigned}: the store was restored from an older backup, or a copy of it publishes, too. {Adopt}");
        }

        var expected = last == known.Confirmed ? known.ConfirmedId : await outbox.FindIdAsync(partition, last, cancellationToken);
        RequireSame(own.Event, expected);
        if (last > known.Confirmed + 1)
        {
            await CompareUnconfirmedAsync(own, known.Confirmed, cancellationToken);
        }

        if (await log.ReadLastAsync(partition, cancellationToken) is { } newest && newest.Offset > own.Offset && IsOfAnotherStore(newest.Event))
        {
            throw Unfit(
                OutboxIdentityCase.AnotherStore,
                $"its last event is sequence {last} at offset {own.Offset}, but {newest.Event.Producer}, another store of the same service, has published up to offset {newest.Offset} since. "
                + "A stream has one producer: stop the other one, or keep this one stopped. To go on with this one, adopt the log (flow adopt).");
        }
    }

    /// <summary>
    /// What is stored and not known to be confirmed, event by event: a restored store that decides anew may come to the same last event by others, or in another order. What was confirmed before a backup is the
    /// same in the log. After a crash that is what was sent in the last 200 ms.
    /// </summary>
    private async Task CompareUnconfirmedAsync(LogRecord own, long confirmed, CancellationToken cancellationToken)
    {
        var start = await FindStartAsync(own, confirmed, cancellationToken);
        await using var reader = await OpenReaderAsync(start, own, cancellationToken);
        Dictionary<long, string> rows = [];
        for (var read = start - 1; read < own.Offset;)
        {
            using var batch = await reader.ReadAsync(cancellationToken);
            foreach (var @event in batch.Records.Where(record => record.Offset < own.Offset).Select(record => record.Event))
            {
                if (@event.Producer == outbox.Producer && @event.Sequence > confirmed)
                {
                    if (!rows.ContainsKey(@event.Sequence))
                    {
                        rows = (await outbox.ReadAsync(partition, @event.Sequence - 1, MaxEvents, MaxBytes, cancellationToken)).ToDictionary(row => row.Sequence, row => row.Id);
                    }

                    RequireSame(@event, rows.GetValueOrDefault(@event.Sequence));
                }
            }

            read = batch.Records[^1].Offset;
        }
    }

    /// <summary>
    /// An offset at or before the first own event after the confirmed ones: offsets are at least as far apart as sequences. Further back if they are further apart, as where others write, too: what stands there
    /// of others says nothing, so the next own event is looked for.
    /// </summary>
    private async Task<long> FindStartAsync(LogRecord own, long confirmed, CancellationToken cancellationToken)
    {
        for (var back = own.Event.Sequence - confirmed; back < own.Offset; back *= 2)
        {
            if (await FirstOwnSequenceAsync(own.Offset - back, own, cancellationToken) <= confirmed + 1)
            {
                return own.Offset - back;
            }
        }

        return 0;
    }

    /// <summary>The sequence of the first own event from an offset on.</summary>
    private async Task<long> FirstOwnSequenceAsync(long offset, LogRecord own, CancellationToken cancellationToken)
    {
        if (await log.ReadAtAsync(partition, offset, cancellationToken) is { } at && at.Event.Producer == outbox.Producer)
        {
            return at.Event.Sequence;
        }

        await using var reader = await OpenReaderAsync(offset, own, cancellationToken);
        while (true)
        {
            using var batch = await reader.ReadAsync(cancellationToken);
            foreach (var record in batch.Records)
            {
                if (record.Offset >= own.Offset)
                {
                    return own.Event.Sequence;
                }

                if (record.Offset >= offset && record.Event.Producer == outbox.Producer)
                {
                    return record.Event.Sequence;
                }
            }
        }
    }

    private async Task<IPartitionReader> OpenReaderAsync(long start, LogRecord own, CancellationToken cancellationToken)
    {
        var reader = await log.OpenReaderAsync(partition, LogPosition.At(start), cancellationToken);
        try
        {
            // Only now: a log that loses its tail from here on ends the reader, and one that has lost it meanwhile would be waited for without an end.
            return await log.ReadLastAsync(partition, cancellationToken) is { } end && end.Offset >= own.Offset
                ? reader
                : throw new EventLogUnavailableException($"{partition} has changed while it was compared with the outbox.");
        }
        catch
        {
            await reader.DisposeAsync();
            throw;
        }
    }

    private void RequireSame(EventEnvelope stored, string? expected)
    {
        if (expected is not null && expected != stored.Id && stored.Type != GapEvent.TypeName)
        {
            throw Unfit(
                OutboxIdentityCase.Diverged,
                $"at sequence {stored.Sequence} the log has event {stored.Id}, the outbox {expected}: the store was restored from an older backup and has decided anew, or a copy of it publishes, too. {Adopt}");
        }
    }

    /// <summary>
    /// Without confirmed rows the log has none of its events, as a rule, and the whole partition would be walked through to know it. What it could have is not older than the incarnation.
    /// </summary>
    private Task<LogRecord?> LastOwnAsync(long confirmed, CancellationToken cancellationToken) => confirmed == 0 && outbox.ProducerSince is { } since
        ? log.ReadLastOfAsync(partition, outbox.Producer, since - ClockSkew, cancellationToken)
        : log.ReadLastOfAsync(partition, outbox.Producer, cancellationToken);

    private async Task<OutboxHead> HeadAsync(CancellationToken cancellationToken) =>
        (await outbox.ReadHeadsAsync(cancellationToken)).FirstOrDefault(candidate => candidate.Partition == partition) ?? new OutboxHead(partition, 0, 0, null);

    private bool IsOfAnotherStore(EventEnvelope @event) => @event.Producer is { } producer && producer != outbox.Producer && ServiceOf(producer) == ServiceOf(outbox.Producer);

    private OutboxIdentityException Unfit(OutboxIdentityCase identityCase, string detail) => new(partition, outbox.Producer, identityCase, detail);

    /// <summary>The service of a producer reference.</summary>
    internal static string ServiceOf(string producer) => producer.Split('/')[0];
}

/// <summary>How outbox and log stand to each other.</summary>
/// <param name="Known">The outbox's end.</param>
/// <param name="Last">The last own sequence in the log; 0 if there is none.</param>
internal sealed record OutboxStanding(OutboxHead Known, long Last)
{
    /// <summary>The log lacks what it had confirmed.</summary>
    public bool TailLost => Last < Known.Confirmed;
}
