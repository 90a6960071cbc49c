using FlowPlatform.Consumers.Sharing;
using FlowPlatform.Events;
using FlowPlatform.Log;
using FlowPlatform.Stores;

namespace FlowPlatform.Consumers;

/// <summary>Where a consumer is in one partition, and what it does with the next record (rule C2). Used by one loop; other threads only read the properties.</summary>
internal sealed class PartitionCursor
{
    /// <summary>Anchors kept in memory: more than the store keeps, so that none is missing that a restart would find.</summary>
    private const int MaxAnchors = 256;
    private readonly Dictionary<string, long> retired;
    private readonly Queue<CursorNote> notes = [];
    private volatile Checkpoint committed;
    private volatile Checkpoint current;
    private volatile Shortage? shortage;
    private volatile bool steppedBack;

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

    /// <summary>What was applied, and the log has lost and not yet got again; null if there is nothing. The consumer misses nothing: it waits, and drops what comes again.</summary>
    public Shortage? Shortage => shortage;

    /// <summary>True if taking the record in would change the producer, which a transaction does at most once per partition.</summary>
    public bool ChangesProducer(in LogRecord record) => record.Event.Producer is { } producer && current.Producer is { } now && producer != now;

    /// <summary>Takes a record in.</summary>
    /// <returns>True if it is to be applied; false if it was before.</returns>
    /// <exception cref="SequenceHoleException">Events before it are missing.</exception>
    /// <exception cref="LogIdentityException">It stands where another event was applied.</exception>
    public bool Take(in LogRecord record)
    {
        // After a lost tail it is read from an anchor on: what was taken in already must not move the position back, for it is all that tells foreign records apart.
        var behind = record.Offset < current.NextOffset;
        if (record.Event.Producer is null)
        {
            if (behind)
            {
                return steppedBack ? throw ForeignTail(record) : false;
            }

            Move(record, current.Producer, current.Mark, current.MarkId, applied: true);
            return true;
        }

        var (producer, mark, markId) = MarkOf(record.Event.Producer);
        Follow(record);
        if (record.Event.Sequence > mark)
        {
            RequireNext(record, mark);
            Move(record, producer, record.Event.Sequence, record.Event.Id, applied: true);
            return true;
        }

        if (record.Event.Type == GapEvent.TypeName)
        {
            NoteGap(record);
        }
        else if (record.Event.Sequence == mark && markId is not null && markId != record.Event.Id)
        {
            throw Rewritten(record, markId);
        }

        if (!behind)
        {
            Move(record, producer, mark, markId, applied: false);
        }

        return false;
    }

    /// <summary>What an operator should know of what was taken in, once each.</summary>
    public bool TryTakeNote(out CursorNote note) => notes.TryDequeue(out note);

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
                if (Anchors.Count > MaxAnchors)
                {
                    // The newest half stays dense; before it every second one goes, but never the oldest.
                    var kept = Anchors.Where((_, index) => index <= MaxAnchors / 2 || index == Anchors.Count - 1 || index % 2 == 1).ToList();
                    Anchors.Clear();
                    Anchors.AddRange(kept);
                }
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

    /// <summary>The log was recognised, and is read from there.</summary>
    /// <param name="at">By what.</param>
    public void Recognise(Resumption at)
    {
        steppedBack = at.SteppedBack;
        var (producer, mark) = (committed.Producer, committed.Mark);
        if (producer is null || !at.SteppedBack)
        {
            shortage = null;
            return;
        }

        var reached = Math.Max(SequenceOf(at.Found), SequenceOf(at.Last));
        shortage = reached < mark ? new Shortage(producer, reached + 1, mark) : null;

        long SequenceOf(LogRecord? record) => record is { } known && known.Event.Producer == producer ? known.Event.Sequence : 0;
    }

    /// <summary>The transaction failed: as if nothing had been taken in since <paramref name="to"/>.</summary>
    public void Return(Checkpoint to) => current = to;

    private (string Producer, long Mark, string? MarkId) MarkOf(string producer) =>
        producer == current.Producer ? (producer, current.Mark, current.MarkId) : (producer, retired.GetValueOrDefault(producer), null);

    private void RequireNext(in LogRecord record, long mark)
    {
        var @event = record.Event;
        if (@event.Type == GapEvent.TypeName)
        {
            var gap = (GapEvent)FlowJson.Deserialize(@event.Data.Span, typeof(GapEvent));
            throw new SequenceHoleException(current.Consumer, record.Partition, @event.Producer!, mark + 1, gap.To);
        }

        var joins = mark == 0 && HeadTruncated && current.Producer is null;
        if (!joins && @event.Sequence != mark + 1)
        {
            throw new SequenceHoleException(current.Consumer, record, mark);
        }
    }

    private void Move(in LogRecord record, string? producer, long mark, string? markId, bool applied)
    {
        var @event = record.Event;
        current = current with
        {
            NextOffset = record.Offset + 1,
            Producer = producer,
            Mark = mark,
            MarkId = markId,
            JoinedAt = current.JoinedAt == 0 ? @event.Sequence : current.JoinedAt,
            LastOffset = record.Offset,
            LastEventId = @event.Id,
            EventTime = current.EventTime > @event.Time ? current.EventTime : @event.Time,
            Applied = current.Applied + (applied ? 1 : 0),
        };
        LogTime = record.Timestamp;
        FirstTaken ??= new Anchor(record.Offset, @event.Id, default);
    }

    /// <summary>Notes how far the lost tail is back. Where its producer has gone on under another name first, it never will be.</summary>
    private void Follow(in LogRecord record)
    {
        if (shortage is not { } missing)
        {
            return;
        }

        if (record.Event.Producer == missing.Producer)
        {
            shortage = record.Event.Sequence >= missing.To ? null : missing with { From = Math.Max(missing.From, record.Event.Sequence + 1) };
            return;
        }

        if (!retired.ContainsKey(record.Event.Producer!))
        {
            shortage = null;
            notes.Enqueue(new CursorNote(
                "lost-tail",
                $"The log lost sequences {missing.From} to {missing.To} of {missing.Producer}, which were applied here, and goes on with {record.Event.Producer}: who has not applied them can't get them any more."));
        }
    }

    private void NoteGap(in LogRecord record)
    {
        var gap = (GapEvent)FlowJson.Deserialize(record.Event.Data.Span, typeof(GapEvent));
        notes.Enqueue(new CursorNote(
            "gap", $"The log lost sequences {gap.From} to {gap.To} of {record.Event.Producer}, and their producer no longer has them. They were applied here, or the gap was accepted."));
    }

    private LogIdentityException ForeignTail(in LogRecord record) => new(
        current.Consumer,
        record.Partition,
        LogIdentityCase.ForeignTail,
        $"it lost a tail, and at offset {record.Offset}, below {current.NextOffset} which was next, stands event {record.Event.Id} of a writer without sequences: whether it was applied can't be told. "
        + "Compare by hand, then accept the gap (flow accept-gap): the consumer goes on after the log's present end.");

    private LogIdentityException Rewritten(in LogRecord record, string markId) => new(
        current.Consumer,
        record.Partition,
        LogIdentityCase.Rewritten,
        $"sequence {record.Event.Sequence} of {record.Event.Producer} was event {markId} when it was applied, and is {record.Event.Id} at offset {record.Offset}: "
        + "log and producer were set back together, and the producer has decided anew. Rebuild what this consumer keeps; or accept (flow accept-gap) that it keeps what it applied and goes on after it.");
}

/// <summary>Something about the log that an operator should know.</summary>
/// <param name="Kind">One word.</param>
/// <param name="Detail">In words.</param>
internal readonly record struct CursorNote(string Kind, string Detail);

/// <summary>What a consumer has applied and the log has lost.</summary>
/// <param name="Producer">Whose.</param>
/// <param name="From">The first sequence that is not there.</param>
/// <param name="To">The last one that was applied.</param>
internal sealed record Shortage(string Producer, long From, long To);
