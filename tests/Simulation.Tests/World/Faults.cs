using FlowPlatform.Consumers;
using FlowPlatform.Outbox;
using FlowPlatform.Stores;

namespace FlowPlatform.Simulation;

/// <summary>What the schedule did that may rightly stop something, and how often it did what.</summary>
internal sealed class Faults
{
    /// <summary>How often each deed was really done: a cut of nothing is none.</summary>
    public Dictionary<string, int> Done { get; } = new(StringComparer.Ordinal);

    /// <summary>A store was put back to an earlier state: its relay may find that it doesn't fit the log.</summary>
    public bool Restored { get; set; }

    /// <summary>The retention of rows has passed, and after it a tail was lost.</summary>
    public bool LostAfterTrim { get; set; }

    public void Count(string what) => Done[what] = Done.GetValueOrDefault(what) + 1;

    /// <summary>True if it may stop so.</summary>
    public bool Excuse(Exception failed, bool zombie) => failed switch
    {
        OwnershipLostException => zombie,
        OutboxIdentityException => Restored,
        SequenceHoleException => LostAfterTrim,
        LogIdentityException { Case: LogIdentityCase.Truncated } => LostAfterTrim,
        _ => false,
    };
}
