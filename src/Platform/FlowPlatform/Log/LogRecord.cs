namespace FlowPlatform.Log;

/// <summary>An event at its place in the log.</summary>
/// <param name="Partition">Where it is.</param>
/// <param name="Offset">Its offset: strictly increasing within the partition, not necessarily consecutive.</param>
/// <param name="Timestamp">When the log stored it (the chunk's time), UTC.</param>
/// <param name="Event">The event.</param>
public readonly record struct LogRecord(PartitionId Partition, long Offset, DateTimeOffset Timestamp, EventEnvelope Event);

/// <summary>Where a reader starts.</summary>
/// <param name="Kind">How <paramref name="Value"/> is meant.</param>
/// <param name="Value">The offset for <see cref="LogPositionKind.Offset"/>; Unix time in ms for <see cref="LogPositionKind.Timestamp"/>; else 0.</param>
public readonly record struct LogPosition(LogPositionKind Kind, long Value)
{
    /// <summary>At the oldest event that the log still has.</summary>
    public static LogPosition First => new(LogPositionKind.First, 0);

    /// <summary>After the newest event: only what comes.</summary>
    public static LogPosition Next => new(LogPositionKind.Next, 0);

    /// <summary>At the beginning of the newest batch that the log stored.</summary>
    public static LogPosition Last => new(LogPositionKind.Last, 0);

    /// <summary>
    /// At this offset: the reader returns no record below it. An offset that the log no longer has, or has not yet, is clamped without any error;
    /// who resumes from a checkpoint must recognise the log first (rule C3).
    /// </summary>
    public static LogPosition At(long offset)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        return new(LogPositionKind.Offset, offset);
    }
}

/// <summary>Kinds of <see cref="LogPosition"/>.</summary>
public enum LogPositionKind
{
    /// <summary>The oldest event.</summary>
    First,

    /// <summary>The newest stored batch.</summary>
    Last,

    /// <summary>Only what comes.</summary>
    Next,

    /// <summary>An offset.</summary>
    Offset,

    /// <summary>The first batch stored at or after a time.</summary>
    Timestamp,
}
