using FlowPlatform.Log;

namespace FlowPlatform.Consumers;

/// <summary>Events are missing between what a consumer has applied and what the log delivers (rule C2). The consumer stops; nothing is skipped.</summary>
public sealed class SequenceHoleException : FlowException
{
    /// <summary>Creates it.</summary>
    public SequenceHoleException(string consumer, LogRecord record, long mark)
        : base($"Consumer '{consumer}' misses {record.Partition} sequences {mark + 1} to {record.Event.Sequence - 1} of producer {record.Event.Producer}: "
            + $"it applied {mark}, and the log goes on with {record.Event.Sequence} at offset {record.Offset}.")
    {
        Consumer = consumer;
        Partition = record.Partition;
        From = mark + 1;
        To = record.Event.Sequence - 1;
    }

    /// <summary>Creates it for a gap that the producer announced.</summary>
    public SequenceHoleException(string consumer, PartitionId partition, long from, long to)
        : base($"Consumer '{consumer}' misses {partition} sequences {from} to {to}: the log lost them, and their producer no longer has them. "
            + "Restore the consumer's store from a backup that has them, or rebuild it.")
    {
        Consumer = consumer;
        Partition = partition;
        From = from;
        To = to;
    }

    /// <summary>The consumer.</summary>
    public string Consumer { get; }

    /// <summary>Where.</summary>
    public PartitionId Partition { get; }

    /// <summary>First missing sequence.</summary>
    public long From { get; }

    /// <summary>Last missing sequence.</summary>
    public long To { get; }
}

/// <summary>In which way the log differs from what a checkpoint remembers.</summary>
public enum LogIdentityCase
{
    /// <summary>The log ends before everything that the checkpoint remembers.</summary>
    Truncated,

    /// <summary>The log begins after what the checkpoint needs next: retention was faster than the consumer.</summary>
    RetentionOvertook,

    /// <summary>The log is empty, or has other events where the checkpoint's were: it was deleted and created anew, or it is another broker's.</summary>
    Recreated,

    /// <summary>The stream has another number of partitions.</summary>
    PartitionCountChanged,
}

/// <summary>The log is not the one that the checkpoint speaks of (rules C3, C8). The consumer stops.</summary>
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
}

/// <summary>A handler can't apply an event, however often it is tried. It is parked; or, where the consumer does not park, the consumer stops at it, and everything before it is applied.</summary>
public sealed class PoisonEventException : FlowException
{
    /// <summary>Creates it.</summary>
    public PoisonEventException(string consumer, LogRecord record, Exception inner)
        : base($"Consumer '{consumer}' can't apply {record.Event.Type} {record.Event.Id} at {record.Partition} offset {record.Offset}: {inner.Message}", inner)
    {
        Consumer = consumer;
        Record = record;
    }

    /// <summary>The consumer.</summary>
    public string Consumer { get; }

    /// <summary>The event and where it is.</summary>
    public LogRecord Record { get; }
}

/// <summary>A consumer has parked as much as it may. It stops before the event that would be one too many; nothing is skipped.</summary>
public sealed class ParkingLimitException : FlowException
{
    /// <summary>Creates it.</summary>
    public ParkingLimitException(string consumer, string limit, long most, Exception? inner = null)
        : base(
            $"Consumer '{consumer}' has parked {most:N0} {limit}, as many as it may, and stops before the next one. So many failures have one cause: mend it, ask to redrive (POST /flow/redrive) or "
            + "discard what is parked, and start the service again; what was asked for is done before new events are read.",
            inner)
    {
        Consumer = consumer;
        Most = most;
    }

    /// <summary>The consumer.</summary>
    public string Consumer { get; }

    /// <summary>How many keys or events it may park.</summary>
    public long Most { get; }
}
