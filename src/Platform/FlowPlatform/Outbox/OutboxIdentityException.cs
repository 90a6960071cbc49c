using FlowPlatform.Log;

namespace FlowPlatform.Outbox;

/// <summary>
/// The log and the outbox tell different stories (rule P3): the store was restored from a backup, or the stream was created anew. The relay stops; nothing is published.
/// </summary>
public sealed class OutboxIdentityException : FlowException
{
    /// <summary>Creates it.</summary>
    public OutboxIdentityException(PartitionId partition, string producer, string detail)
        : base($"The outbox of {producer} does not fit {partition}: {detail}") => Partition = partition;

    /// <summary>Where.</summary>
    public PartitionId Partition { get; }
}
