using FlowPlatform.Log;
using FlowPlatform.Stores;

namespace FlowPlatform.Consumers;

/// <summary>
/// Recognises the log before every subscription (rule C3) and says where to resume. The broker clamps an offset that it doesn't have without a word: a consumer at 100 would wait
/// for ever on a log whose crash left it ending at 80, and discard what is later stored at 80.
/// </summary>
internal static class LogRecognition
{
    public static async Task<LogPosition> ResumeAsync(IEventLog log, PartitionCursor cursor, CancellationToken cancellationToken)
    {
        var checkpoint = cursor.Committed;
        var partition = checkpoint.Partition;
        var first = await log.ReadFirstAsync(partition, cancellationToken);
        if (checkpoint.LastEventId is null)
        {
            cursor.HeadTruncated = first is { Offset: > 0, Event: { Producer: not null, Sequence: > 1 } };
            return LogPosition.First;
        }

        if (first is null || await log.ReadLastAsync(partition, cancellationToken) is not { } last)
        {
            throw Unrecognised(checkpoint, LogIdentityCase.Recreated, $"it is empty, but {checkpoint.Applied} events of it were applied, up to offset {checkpoint.LastOffset}.");
        }

        if (checkpoint.Producer is null && last.Offset < checkpoint.LastOffset)
        {
            throw Unrecognised(
                checkpoint,
                LogIdentityCase.Truncated,
                $"it ends at offset {last.Offset}, {checkpoint.LastOffset - last.Offset} before the last one applied. Its writer gives no sequences, so what comes anew can't be told from what was lost.");
        }

        foreach (var anchor in AnchorsOf(cursor, checkpoint))
        {
            if (anchor.Offset > last.Offset || anchor.Offset < first.Value.Offset)
            {
                continue;
            }

            var found = await log.ReadAtAsync(partition, anchor.Offset, cancellationToken);
            if (found is { } record && record.Offset == anchor.Offset && record.Event.Id == anchor.EventId)
            {
                return LogPosition.At(anchor.Offset + 1);
            }
        }

        return WithoutAnchor(checkpoint, first.Value, last);
    }

    private static LogPosition WithoutAnchor(Checkpoint checkpoint, LogRecord first, LogRecord last)
    {
        if (first.Offset > checkpoint.LastOffset)
        {
            // Retention deleted the anchors. If what comes next is what is needed next, nothing is lost.
            if (first.Event.Producer == checkpoint.Producer && first.Event.Sequence <= checkpoint.Mark + 1)
            {
                return LogPosition.First;
            }

            throw Unrecognised(
                checkpoint,
                LogIdentityCase.RetentionOvertook,
                $"it begins at offset {first.Offset} with sequence {first.Event.Sequence}, but {checkpoint.Mark + 1} is needed next. Rebuild the consumer from a copy that has them.");
        }

        if (last.Offset < checkpoint.LastOffset && last.Event.Producer == checkpoint.Producer)
        {
            throw Unrecognised(
                checkpoint,
                LogIdentityCase.Truncated,
                $"it ends at offset {last.Offset}, {checkpoint.LastOffset - last.Offset} before the last one applied, and no earlier anchor is found in it.");
        }

        throw Unrecognised(
            checkpoint,
            LogIdentityCase.Recreated,
            $"at offset {checkpoint.LastOffset} it does not have event {checkpoint.LastEventId}: the stream was deleted and created anew, or this is another broker.");
    }

    private static List<Anchor> AnchorsOf(PartitionCursor cursor, Checkpoint checkpoint)
    {
        List<Anchor> anchors = [new Anchor(checkpoint.LastOffset, checkpoint.LastEventId!, default)];
        lock (cursor.Anchors)
        {
            anchors.AddRange(cursor.Anchors);
        }

        return anchors;
    }

    private static LogIdentityException Unrecognised(Checkpoint checkpoint, LogIdentityCase identityCase, string detail) =>
        new(checkpoint.Consumer, checkpoint.Partition, identityCase, detail);
}
