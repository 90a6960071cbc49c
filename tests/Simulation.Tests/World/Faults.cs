using FlowPlatform.Consumers;
using FlowPlatform.Log;
using FlowPlatform.Outbox;

namespace FlowPlatform.Simulation;

/// <summary>What the schedule did that may rightly stop something, and how often it did what.</summary>
internal sealed class Faults
{
    /// <summary>How often each deed was really done: a cut of nothing is none.</summary>
    public Dictionary<string, int> Done { get; } = new(StringComparer.Ordinal);

    /// <summary>The retention of rows has passed, and after it a tail was lost.</summary>
    public bool LostAfterTrim { get; set; }

    /// <summary>Partitions that were deleted and created anew.</summary>
    public HashSet<PartitionId> Recreated { get; } = [];

    /// <summary>A stream has another number of partitions than it had.</summary>
    public string? Repartitioned { get; set; }

    /// <summary>Consumers that had attached to it before, and know it.</summary>
    public IReadOnlyList<string> Surprised { get; set; } = [];

    public void Count(string what) => Done[what] = Done.GetValueOrDefault(what) + 1;

    /// <summary>True if it may stop so.</summary>
    public bool Excuses(World world, Service service, Exception failed) => failed switch
    {
        OutboxIdentityException { Case: OutboxIdentityCase.Vanished } vanished => Recreated.Contains(vanished.Partition),
        OutboxIdentityException => service.WasSetBack,
        SequenceHoleException hole => LostAfterTrim && world.Broker.HasAnnounced(hole.Partition, hole.Producer, hole.To),
        LogIdentityException { Case: LogIdentityCase.Recreated } other => Recreated.Contains(other.Partition),
        LogIdentityException { Case: LogIdentityCase.PartitionCountChanged } changed => Repartitioned == changed.Partition.Stream,
        _ => false,
    };
}
