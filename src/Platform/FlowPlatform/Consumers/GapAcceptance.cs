using FlowPlatform.Hosting;
using FlowPlatform.Log;
using FlowPlatform.Stores;

namespace FlowPlatform.Consumers;

/// <summary>Where a consumer goes on if what stopped it is accepted. What it has applied it keeps, and nothing is applied twice: marks stay.</summary>
internal static class GapAcceptance
{
    /// <exception cref="RepairRefusedException">That can't be accepted.</exception>
    public static void Require(string consumer, PartitionId partition, Exception? stopped)
    {
        var where = stopped switch
        {
            SequenceHoleException hole => hole.Partition,
            LogIdentityException { Case: not LogIdentityCase.PartitionCountChanged } identity => identity.Partition,
            null => throw new RepairRefusedException($"Consumer '{consumer}' has not stopped at {partition}: there is nothing to accept."),
            _ => throw new RepairRefusedException($"Consumer '{consumer}' has stopped for a reason that is no gap: {stopped.Message}"),
        };
        if (where != partition)
        {
            throw new RepairRefusedException($"Consumer '{consumer}' has stopped at {where}, not at {partition}: {stopped.Message}");
        }
    }

    /// <param name="state">What the store has.</param>
    /// <param name="stopped">What stopped the consumer.</param>
    /// <param name="end">The log's newest record, where it goes on after that.</param>
    /// <exception cref="RepairRefusedException">The consumer is elsewhere by now.</exception>
    public static (Checkpoint To, AcceptedGap Gap) Decide(CheckpointState state, Exception stopped, LogRecord? end)
    {
        var at = state.Checkpoint;
        return stopped switch
        {
            SequenceHoleException hole => (Past(state, hole.Producer, hole.From, hole.To), Gap(at, "Hole", hole.From, hole.To, $"Sequences {hole.From} to {hole.To} of {hole.Producer} are missing.")),
            LogIdentityException { From: { } first, To: { } last, Producer: { } producer } overtaken =>
                (Anew(Past(state, producer, first, last)), Gap(at, overtaken.Case.ToString(), first, last, overtaken.Message)),
            LogIdentityException { Case: LogIdentityCase.Rewritten } rewritten => (at with { MarkId = null }, Gap(at, rewritten.Case.ToString(), null, null, rewritten.Message)),
            LogIdentityException { Case: LogIdentityCase.ForeignTail } foreign when end is { } last =>
                (at with { NextOffset = last.Offset + 1, LastOffset = last.Offset, LastEventId = last.Event.Id }, Gap(at, foreign.Case.ToString(), null, null, foreign.Message)),
            LogIdentityException other => (Anew(at), Gap(at, other.Case.ToString(), null, null, other.Message)),
            _ => throw new ArgumentOutOfRangeException(nameof(stopped), stopped.GetType().Name, "No gap."),
        };
    }

    private static AcceptedGap Gap(Checkpoint at, string name, long? from, long? to, string detail) => new(at.Consumer, at.Partition, name, from, to, detail);

    private static Checkpoint Past(CheckpointState state, string producer, long from, long to)
    {
        var at = state.Checkpoint;
        var mark = producer == at.Producer ? at.Mark : state.RetiredMarks.GetValueOrDefault(producer);
        return mark + 1 == from
            ? at with { Producer = producer, Mark = to, MarkId = null }
            : throw new RepairRefusedException($"Consumer '{at.Consumer}' has applied {mark} of {producer} at {at.Partition} by now; the gap began at {from}. Look again.");
    }

    /// <summary>Reads the log from its beginning, and tells by the marks what it has applied.</summary>
    private static Checkpoint Anew(Checkpoint at) => at with { NextOffset = 0, LastOffset = -1, LastEventId = null };
}
