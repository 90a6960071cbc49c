using FlowPlatform.Log;

namespace FlowPlatform.Events;

/// <summary>An event of a known type can't be read: its JSON is not what the contract says, or an upcaster failed. It names the event and the field, never a value.</summary>
public sealed class EventDecodingException : FlowException
{
    internal EventDecodingException(EventEnvelope @event, string reason, Exception inner)
        : base($"Event {@event.Id} can't be read as {@event.Type}: {reason}", inner)
    {
        EventId = @event.Id;
        EventType = @event.Type;
    }

    /// <summary>Id of the event.</summary>
    public string EventId { get; }

    /// <summary>Its type, as stored.</summary>
    public string EventType { get; }
}

/// <summary>
/// An event is of a version that its consumer neither handles nor reaches by upcasters, though it handles another version of the same event. To skip it would be to lose it in silence.
/// </summary>
public sealed class UnknownEventVersionException : FlowException
{
    internal UnknownEventVersionException(string consumer, string eventType, IReadOnlyList<string> handled, bool newer)
        : base(newer
            ? $"Consumer '{consumer}' handles {string.Join(", ", handled)}, and the log has {eventType}, which is newer. Deploy this service with the contract that has it: consumers go before producers."
            : $"Consumer '{consumer}' handles {string.Join(", ", handled)}, and nothing leads there from {eventType}. "
                + "Let the record of that version implement IUpcast<…>, or handle it directly; a handler that does nothing skips it.")
    {
        Consumer = consumer;
        EventType = eventType;
        IsNewer = newer;
    }

    /// <summary>The consumer.</summary>
    public string Consumer { get; }

    /// <summary>The event's type.</summary>
    public string EventType { get; }

    /// <summary>True if the event is newer than every version that the consumer handles; false if an upcaster is missing.</summary>
    public bool IsNewer { get; }
}
