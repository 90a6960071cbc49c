using FlowPlatform.Log;
using FlowPlatform.Stores;

namespace FlowPlatform.Consumers;

/// <summary>
/// Recognises the log before every subscription (rule C3) and says where to resume. The broker clamps an offset that it doesn't have without a word: a consumer at 100 would wait
/// for ever on a log whose crash left it ending at 80, and discard what is later stored at 80.
/// </summary>
internal static class LogRecognition
{
    /// <exception cref="LogIdentityException">It isn't recognised.</exception>
    public static async Task<Resumption> ResumeAsync(IEventLog log, PartitionCursor cursor, CancellationToken cancellationToken)
    {
        var checkpoint = cursor.Committed;
        var partition = checkpoint.Partition;
        if (checkpoint.LastEventId is null)
        {
            var head = await log.ReadFirstAsync(partition, cancellationToken);
            cursor.HeadTruncated = head is { Offset: > 0, Event: { Producer: not null, Sequence: > 1 } };
            return new Resumption(LogPosition.First);
        }

        var newest = new Anchor(checkpoint.LastOffset, checkpoint.LastEventId, default);
        if (await FindAsync(log, partition, newest, cancellationToken) is { } there)
        {
            return new Resumption(LogPosition.At(newest.Offset + 1)) { Anchor = newest, Found = there };
        }

        if (await log.ReadFirstAsync(partition, cancellationToken) is not { } first || await log.ReadLastAsync(partition, cancellationToken) is not { } last)
        {
            throw Unrecognised(
                checkpoint,
                LogIdentityCase.Emptied,
                $"it is empty, but {checkpoint.Applied} events of it were applied, up to offset {checkpoint.LastOffset}: the stream was created anew, or lost all it had. "
                + "The consumer waits. Let its producer fill it again from its outbox (flow adopt there), or connect to the right broker.");
        }

        if (checkpoint.Producer is null)
        {
            return WithoutSequences(checkpoint, first, last);
        }

        foreach (var anchor in AnchorsOf(cursor).Where(anchor => anchor.Offset <= last.Offset && anchor.Offset >= first.Offset))
        {
            if (await FindAsync(log, partition, anchor, cancellationToken) is { } found)
            {
                return new Resumption(LogPosition.At(anchor.Offset + 1)) { Anchor = anchor, Found = found, Last = last, SteppedBack = true };
            }
        }

        return WithoutAnchor(cursor, checkpoint, first, last);
    }

    /// <summary>
    /// Whether the log is still the one that was recognised. To be asked once the reader is attached: a crash between recognition and subscription would go unnoticed, any later one ends the reader.
    /// </summary>
    public static async Task<bool> IsStillAsync(IEventLog log, PartitionId partition, Resumption resumption, CancellationToken cancellationToken) =>
        resumption.Anchor is not { } anchor || await FindAsync(log, partition, anchor, cancellationToken) is not null;

    private static async Task<LogRecord?> FindAsync(IEventLog log, PartitionId partition, Anchor anchor, CancellationToken cancellationToken) =>
        await log.ReadAtAsync(partition, anchor.Offset, cancellationToken) is { } record && record.Offset == anchor.Offset && record.Event.Id == anchor.EventId ? record : null;

    private static Resumption WithoutAnchor(PartitionCursor cursor, Checkpoint checkpoint, LogRecord first, LogRecord last)
    {
        if (first.Offset > checkpoint.LastOffset)
        {
            // Retention deleted the anchors. If what comes next is what is needed next, nothing is lost.
            var same = first.Event.Producer == checkpoint.Producer;
            if (same && first.Event.Sequence <= checkpoint.Mark + 1)
            {
                return new Resumption(LogPosition.First);
            }

            throw new LogIdentityException(
                checkpoint.Consumer,
                checkpoint.Partition,
                LogIdentityCase.RetentionOvertook,
                $"it begins at offset {first.Offset} with sequence {first.Event.Sequence} of {first.Event.Producer ?? "a foreign writer"}, but {checkpoint.Mark + 1} of {checkpoint.Producer} is needed next. "
                + "Rebuild the consumer from a copy that has them; or accept the gap (flow accept-gap), and it goes on without them.")
            {
                Producer = same ? checkpoint.Producer : null,
                From = same ? checkpoint.Mark + 1 : null,
                To = same ? first.Event.Sequence - 1 : null,
            };
        }

        if (last.Offset < checkpoint.LastOffset && last.Event.Producer == checkpoint.Producer)
        {
            throw Unrecognised(
                checkpoint,
                LogIdentityCase.Truncated,
                $"it ends at offset {last.Offset} with sequence {last.Event.Sequence}, {checkpoint.LastOffset - last.Offset} offsets before the last one applied ({checkpoint.Mark}), and no earlier anchor is in it. "
                + "The consumer waits for the producer to publish the rest again.");
        }

        throw Other(cursor, checkpoint, first, $"at offset {checkpoint.LastOffset} it does not have event {checkpoint.LastEventId}, nor any earlier anchor");
    }

    /// <summary>Writers without sequences: only an unbroken log can be gone on with, for nothing tells what comes anew from what was lost.</summary>
    private static Resumption WithoutSequences(Checkpoint checkpoint, LogRecord first, LogRecord last)
    {
        if (first.Offset == checkpoint.LastOffset + 1)
        {
            return new Resumption(LogPosition.First);
        }

        if (first.Offset > checkpoint.LastOffset)
        {
            throw Unrecognised(
                checkpoint,
                LogIdentityCase.RetentionOvertook,
                $"it begins at offset {first.Offset}, but {checkpoint.NextOffset} is needed next. Its writer gives no sequences, so how much is missing can't be told. "
                + "Rebuild the consumer; or accept the gap (flow accept-gap), and it goes on with what there is.");
        }

        throw Unrecognised(
            checkpoint,
            LogIdentityCase.ForeignTail,
            $"it ends at offset {last.Offset} and does not have event {checkpoint.LastEventId} at {checkpoint.LastOffset}, the last one applied. Its writer gives no sequences, so what comes anew can't be told "
            + "from what was lost. Compare by hand, then accept the gap (flow accept-gap): the consumer goes on after the log's present end.");
    }

    /// <summary>A log that was made anew has nothing older than the checkpoint; another broker's may have.</summary>
    private static LogIdentityException Other(PartitionCursor cursor, Checkpoint checkpoint, LogRecord first, string what)
    {
        var remembered = AnchorsOf(cursor).Select(anchor => anchor.CommittedAt).DefaultIfEmpty().Max();
        return first.Timestamp < remembered
            ? Unrecognised(checkpoint, LogIdentityCase.OtherBroker, $"{what}, and it has had others since {first.Timestamp:O}, before that was applied: this is another broker. Connect to the right one.")
            : Unrecognised(
                checkpoint,
                LogIdentityCase.Recreated,
                $"{what}: the stream was deleted and created anew at {first.Timestamp:O} or later. Restore it, or rebuild the consumer; or accept the gap (flow accept-gap): it reads the new log from its "
                + "beginning, drops what it has applied and stops where sequences are missing.");
    }

    private static List<Anchor> AnchorsOf(PartitionCursor cursor)
    {
        lock (cursor.Anchors)
        {
            return [.. cursor.Anchors];
        }
    }

    private static LogIdentityException Unrecognised(Checkpoint checkpoint, LogIdentityCase identityCase, string detail) =>
        new(checkpoint.Consumer, checkpoint.Partition, identityCase, detail);
}

/// <summary>Where to go on reading, and by what the log was recognised.</summary>
/// <param name="Position">Where.</param>
internal sealed record Resumption(LogPosition Position)
{
    /// <summary>What was found in the log; null where nothing had to be.</summary>
    public Anchor? Anchor { get; init; }

    /// <summary>The record at the anchor.</summary>
    public LogRecord? Found { get; init; }

    /// <summary>The log's newest record, where it was looked at.</summary>
    public LogRecord? Last { get; init; }

    /// <summary>The last record that was taken in is not where it was: reading goes over some of it again.</summary>
    public bool SteppedBack { get; init; }
}
