using FlowPlatform.Log;

namespace FlowPlatform.Consumers;

/// <summary>In which way the log differs from what a checkpoint remembers.</summary>
public enum LogIdentityCase
{
    /// <summary>The log is empty, though events of it were applied: it lost everything, or was created anew. The consumer waits; who fills the log is its producer.</summary>
    Emptied,

    /// <summary>The log ends before everything that the checkpoint remembers. The consumer waits for the producer to publish the lost tail again.</summary>
    Truncated,

    /// <summary>The log begins after what the checkpoint needs next: retention was faster than the consumer.</summary>
    RetentionOvertook,

    /// <summary>The log has other events where the checkpoint's were, all of them younger than the checkpoint: it was deleted and created anew.</summary>
    Recreated,

    /// <summary>The log has other events where the checkpoint's were, some of them older than the checkpoint: it is another broker's.</summary>
    OtherBroker,

    /// <summary>The producer has given a sequence that was applied to another event: its store and the log were set back together, and it has decided anew.</summary>
    Rewritten,

    /// <summary>A tail was lost of what writers without sequences wrote: whether what stands there now was applied can't be told.</summary>
    ForeignTail,

    /// <summary>The stream has another number of partitions.</summary>
    PartitionCountChanged,
}

/// <summary>
/// The log is not the one that the checkpoint speaks of (rules C3, C8). At <see cref="LogIdentityCase.Emptied"/> and <see cref="LogIdentityCase.Truncated"/> the consumer waits and looks again, for
/// nothing can be read that it could misunderstand; at the others it stops. The message says what to do.
/// </summary>
public sealed class LogIdentityException : FlowException
{
    /// <summary>Creates it.</summary>
    public LogIdentityException(string consumer, PartitionId partition, LogIdentityCase identityCase, string detail)
        : base($"Consumer '{consumer}' does not recognise {partition} ({identityCase}): {detail}")
    {
        Consumer = consumer;
        Partition = partition;
        Case = identityCase;
    }

    /// <summary>The consumer.</summary>
    public string Consumer { get; }

    /// <summary>Where.</summary>
    public PartitionId Partition { get; }

    /// <summary>Which case.</summary>
    public LogIdentityCase Case { get; }

    /// <summary>Producer of the sequences that are missing; null if no sequence is known to be.</summary>
    public string? Producer { get; init; }

    /// <summary>First missing sequence; null if none is known to be missing.</summary>
    public long? From { get; init; }

    /// <summary>Last missing sequence; null if none is known to be missing.</summary>
    public long? To { get; init; }

    /// <summary>True while the log may still become what the checkpoint remembers.</summary>
    public bool MayPass => Case is LogIdentityCase.Emptied or LogIdentityCase.Truncated;
}
