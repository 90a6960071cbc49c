namespace FlowPlatform.Log;

/// <summary>The log can't be reached, or a connection to it ended: passes by itself, open again with back-off.</summary>
public sealed class EventLogUnavailableException : FlowException
{
    /// <summary>Creates it.</summary>
    public EventLogUnavailableException(string message, Exception? inner = null)
        : base(message, inner)
    {
    }
}

/// <summary>There is no such stream.</summary>
public sealed class StreamNotFoundException : FlowException
{
    /// <summary>Creates it.</summary>
    /// <param name="stream">The stream's name.</param>
    public StreamNotFoundException(string stream)
        : base($"There is no stream '{stream}'. Its producing service creates it on start.") => Stream = stream;

    /// <summary>The stream's name.</summary>
    public string Stream { get; }
}

/// <summary>A stream exists, but not as it is defined now.</summary>
public sealed class StreamDefinitionException : FlowException
{
    /// <summary>Creates it.</summary>
    public StreamDefinitionException(string stream, string message, Exception? inner = null)
        : base(message, inner) => Stream = stream;

    /// <summary>The stream's name.</summary>
    public string Stream { get; }
}

/// <summary>An event is larger than the log takes.</summary>
public sealed class EventTooLargeException : FlowException
{
    /// <summary>Creates it.</summary>
    public EventTooLargeException(string eventId, int bytes, int limit)
        : base($"Event {eventId} has {bytes:N0} bytes; the log takes {limit:N0}. Split it, or keep the large part elsewhere and refer to it.")
    {
        EventId = eventId;
        Bytes = bytes;
        Limit = limit;
    }

    /// <summary>Id of the event.</summary>
    public string EventId { get; }

    /// <summary>Its size in bytes.</summary>
    public int Bytes { get; }

    /// <summary>The limit in bytes.</summary>
    public int Limit { get; }
}

/// <summary>Something in the log can't be read as what it claims to be. Readers stop at it and keep their offset.</summary>
public sealed class LogCorruptException : FlowException
{
    /// <summary>Creates it.</summary>
    public LogCorruptException(PartitionId partition, long offset, string reason, Exception? inner = null)
        : base($"{partition} at offset {offset}: {reason}", inner)
    {
        Partition = partition;
        Offset = offset;
    }

    /// <summary>Where.</summary>
    public PartitionId Partition { get; }

    /// <summary>Offset of the record, or of the chunk's first record.</summary>
    public long Offset { get; }
}
