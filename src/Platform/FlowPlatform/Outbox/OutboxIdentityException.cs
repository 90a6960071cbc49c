using FlowPlatform.Log;

namespace FlowPlatform.Outbox;

/// <summary>In which way outbox and log tell different stories.</summary>
public enum OutboxIdentityCase
{
    /// <summary>The log has later sequences than the outbox has assigned: the store was restored from an older backup, or a copy of it publishes, too.</summary>
    LogAhead,

    /// <summary>The log has another event under a sequence: the store was restored from an older backup and has decided anew, or a copy of it publishes, too.</summary>
    Diverged,

    /// <summary>The log has none of the events that it had confirmed: the stream was created anew, lost all it had, or is another broker's.</summary>
    Vanished,

    /// <summary>Another store of the same service has published after this one.</summary>
    AnotherStore,

    /// <summary>Rows that are to be published are not there.</summary>
    RowsMissing,
}

/// <summary>
/// The log and the outbox tell different stories (rule P3). The relay stops; nothing is published, nothing is trimmed, decisions are still taken. The message says what to do.
/// </summary>
public sealed class OutboxIdentityException : FlowException
{
    /// <summary>Creates it.</summary>
    public OutboxIdentityException(PartitionId partition, string producer, OutboxIdentityCase identityCase, string detail)
        : base($"The outbox of {producer} does not fit {partition} ({identityCase}): {detail}")
    {
        Partition = partition;
        Producer = producer;
        Case = identityCase;
    }

    /// <summary>Where.</summary>
    public PartitionId Partition { get; }

    /// <summary>The producer reference: service and incarnation.</summary>
    public string Producer { get; }

    /// <summary>Which case.</summary>
    public OutboxIdentityCase Case { get; }
}
