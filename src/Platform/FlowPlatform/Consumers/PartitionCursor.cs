using FlowPlatform.Consumers.Sharing;
using FlowPlatform.Events;
using FlowPlatform.Log;
using FlowPlatform.Stores;

namespace FlowPlatform.Consumers;

/// <summary>Where a consumer is in one partition, and what it does with the next record (rule C2). Used by one loop; other threads only read the properties.</summary>
internal sealed class PartitionCursor
{
    private readonly Dictionary<string, long> retired;
    private volatile Checkpoint committed;
    private volatile Checkpoint current;

    public PartitionCursor(CheckpointState state)
    {
        committed = current = state.Checkpoint;
        Anchors = [.. state.Anchors];
        retired = new(state.RetiredMarks, StringComparer.Ordinal);
        Parked = new ParkedKeys(state.Parked, state.Discarded);
    }

    public PartitionId Partition => current.Partition;

    /// <summary>As the database has it: what the compare-and-set starts from.</summary>
    public Checkpoint Committed => committed;

    /// <summary>With what was taken in since.</summary>
    public Checkpoint Current => current;

    /// <summary>Keys that are parked, as the database has them.</summary>
    public ParkedKeys Parked { get; }

    /// <summary>By what right it is moved; null where nothing is shared.</summary>
    public LeaseHold? Hold { get; init; }

    /// <summary>Older anchors, newest first.</summary>
    public List<Anchor> Anchors { get; }

    /// <summary>The log had lost its head when the consumer attached, so that it may begin with a later sequence than 1.</summary>
    public bool HeadTruncated { get; set; }

    /// <summary>The first record ever taken in, until an anchor is committed: it is the oldest anchor, so that a young consumer survives the loss of a tail, too.</summary>
    public Anchor? FirstTaken { get; private set; }

    /// <summary>Log time of the newest record taken in.</summary>
    public DateTimeOffset? LogTime { get; private set; }

    /// <summary>Up to this offset what is read is a replay: the log had it when the consumer attached. -1: nothing is.</summary>
    public long ReplayTo => committed.ReplayTo ?? -1;

    /// <summary>True if taking the record in would change the producer, which a transaction does at most once per partition.</summary>
    public bool ChangesProducer(in LogRecord record) => record.Event.Producer is { } producer && current.Producer is { } now && producer != now;

    /// <summary>Takes a record in.</summary>
    /// <returns>True if it is to be applied; false if it was before.</returns>
    /// <exception cref="SequenceHoleException">Events before it are missing.</exception>
    public bool Take(in LogRecord record)
    {
        var @event = record.Event;
        var (producer, mark) = (current.Producer, current.Mark);
        bool apply;
        if (@event.Producer is null)
        {
            // A foreign writer: only the offset tells what was applied, so what is read again must not move it back.
            apply = record.Offset >= current.NextOffset;
            if (!apply)
            {
                return false;
            }
        }
        else
        {
            if (@event.Producer != producer)
            {
                producer = @event.Producer;
                mark = retired.GetValueOrDefault(producer);
            }

            apply = @event.Sequence > mark;
            if (@event.Type == GapEvent.TypeName && apply)
            {
                var gap = (GapEvent)FlowJson.Deserialize(@event.Data.Span, typeof(GapEvent));
                throw new SequenceHoleException(current.Consumer, record.Partition, Math.Max(gap.From, mark + 1), gap.To);
            }

            var joins = mark == 0 && HeadTruncated && current.Producer is null;
            if (apply && !joins && @event.Sequence != mark + 1)
            {
                throw new SequenceHoleException(current.Consumer, record, mark);
            }

            mark = Math.Max(mark, @event.Sequence);
        }

        current = current with
        {
            NextOffset = record.Offset + 1,
            Producer = producer,
            Mark = mark,
            JoinedAt = current.JoinedAt == 0 ? @event.Sequence : current.JoinedAt,
            LastOffset = record.Offset,
            LastEventId = @event.Id,
            EventTime = current.EventTime > @event.Time ? current.EventTime : @event.Time,
            Applied = current.Applied + (apply ? 1 : 0),
        };
        LogTime = record.Timestamp;
        FirstTaken ??= new Anchor(record.Offset, @event.Id, default);
        return apply;
    }

    /// <summary>The transaction committed.</summary>
    public void Commit(Checkpoint to, Anchor? anchor)
    {
        if (committed.Producer is { } before && before != to.Producer)
        {
            retired[before] = committed.Mark;
        }

        committed = to;
        if (anchor is { } added)
        {
            lock (Anchors)
            {
                Anchors.Insert(0, added);
            }
        }
    }

    /// <summary>Who knows that another may own the partition by now writes nothing; who doesn't know is stopped by the compare-and-set.</summary>
    /// <exception cref="OwnershipLostException">The hold is lost.</exception>
    public void RequireOwned()
    {
        if (Hold is { IsLost: true })
        {
            throw new OwnershipLostException(current.Consumer, Partition);
        }
    }

    /// <summary>Before the first record: the consumer attaches to a log that ends here. Nothing is a replay that was to come, or a consumer has read from already.</summary>
    public void Attach(long end)
    {
        if (committed.ReplayTo is null)
        {
            committed = current = committed with { ReplayTo = committed.LastEventId is null ? end : -1 };
        }
    }

    /// <summary>The transaction failed: as if nothing had been taken in since <paramref name="to"/>.</summary>
    public void Return(Checkpoint to) => current = to;
}
