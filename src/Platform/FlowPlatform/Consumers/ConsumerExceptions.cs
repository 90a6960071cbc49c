using FlowPlatform.Log;

namespace FlowPlatform.Consumers;

/// <summary>Events are missing between what a consumer has applied and what the log delivers (rule C2). The consumer stops; nothing is skipped.</summary>
public sealed class SequenceHoleException : FlowException
{
    private const string Cure = "Restore the consumer's store from a backup that has them; or accept the gap (flow accept-gap), and it goes on without them.";

    /// <summary>Creates it.</summary>
    public SequenceHoleException(string consumer, LogRecord record, long mark)
        : base($"Consumer '{consumer}' misses {record.Partition} sequences {mark + 1} to {record.Event.Sequence - 1} of producer {record.Event.Producer}: "
            + $"it applied {mark}, and the log goes on with {record.Event.Sequence} at offset {record.Offset}. {Cure}")
    {
        Consumer = consumer;
        Partition = record.Partition;
        Producer = record.Event.Producer!;
        From = mark + 1;
        To = record.Event.Sequence - 1;
    }

    /// <summary>Creates it for a gap that the producer announced.</summary>
    public SequenceHoleException(string consumer, PartitionId partition, string producer, long from, long to)
        : base($"Consumer '{consumer}' misses {partition} sequences {from} to {to} of producer {producer}: the log lost them, and their producer no longer has them. {Cure}")
    {
        Consumer = consumer;
        Partition = partition;
        Producer = producer;
        From = from;
        To = to;
    }

    /// <summary>The consumer.</summary>
    public string Consumer { get; }

    /// <summary>Where.</summary>
    public PartitionId Partition { get; }

    /// <summary>Whose sequences they are.</summary>
    public string Producer { get; }

    /// <summary>First missing sequence.</summary>
    public long From { get; }

    /// <summary>Last missing sequence.</summary>
    public long To { get; }
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
