using FlowPlatform.Events;
using FlowPlatform.Log;

namespace FlowPlatform.Testing;

/// <summary>An event that the service under test has published.</summary>
/// <param name="Event">The event.</param>
/// <param name="Partition">Where it went.</param>
/// <param name="Envelope">What the log keeps about it.</param>
public sealed record Emitted<TEvent>(TEvent Event, PartitionId Partition, EventEnvelope Envelope)
    where TEvent : class
{
    /// <summary>Its id.</summary>
    public string Id => Envelope.Id;

    /// <summary>Event time, UTC.</summary>
    public DateTimeOffset Time => Envelope.Time;

    /// <summary>Id of the event that it was emitted because of; null for a decision from outside.</summary>
    public string? CausationId => Envelope.CausationId;

    /// <summary>What its conversation has in common.</summary>
    public string? CorrelationId => Envelope.CorrelationId;
}

/// <summary>Reads events as objects.</summary>
public static class EventReading
{
    /// <summary>True if the event is of the type.</summary>
    public static bool Is<TEvent>(this EventEnvelope envelope)
        where TEvent : class =>
        envelope.Type == EventType.Of(typeof(TEvent)).Name;

    /// <inheritdoc cref="Is{TEvent}(EventEnvelope)" />
    public static bool Is<TEvent>(this LogRecord record)
        where TEvent : class =>
        record.Event.Is<TEvent>();

    /// <summary>The event as an object.</summary>
    /// <exception cref="FlowTestException">It is of another type.</exception>
    public static TEvent Read<TEvent>(this EventEnvelope envelope)
        where TEvent : class =>
        envelope.Is<TEvent>()
            ? (TEvent)FlowJson.Deserialize(envelope.Data.Span, typeof(TEvent))
            : throw new FlowTestException($"Event {envelope.Id} is {envelope.Type}, no {EventType.Of(typeof(TEvent)).Name}.");

    /// <inheritdoc cref="Read{TEvent}(EventEnvelope)" />
    public static TEvent Read<TEvent>(this LogRecord record)
        where TEvent : class =>
        record.Event.Read<TEvent>();
}
