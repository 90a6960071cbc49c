using FlowPlatform.Log;

namespace FlowPlatform.Stores;

/// <summary>The streams that one service publishes, found by an event's type or a base of it. Immutable after start; safe for concurrent reads.</summary>
public sealed class PublishedStreams
{
    private readonly Dictionary<Type, StreamDefinition> byEventType = [];

    /// <summary>Creates the set.</summary>
    /// <param name="service">Name of the service.</param>
    public PublishedStreams(string service) => Service = service;

    /// <summary>Name of the service.</summary>
    public string Service { get; }

    /// <summary>All streams.</summary>
    public IReadOnlyCollection<StreamDefinition> All => byEventType.Values;

    /// <summary>The types that streams were added for.</summary>
    internal IReadOnlyCollection<Type> EventTypes => byEventType.Keys;

    /// <summary>Adds a stream for an event type and all types derived from it.</summary>
    /// <exception cref="InvalidOperationException">There is one for that type or of that name already.</exception>
    public void Add(Type eventType, StreamDefinition definition)
    {
        if (byEventType.Values.Any(other => other.Name == definition.Name) || !byEventType.TryAdd(eventType, definition))
        {
            throw new InvalidOperationException($"Service '{Service}' publishes stream '{definition.Name}' or events of {eventType.Name} already.");
        }
    }

    /// <summary>The stream for events of this type.</summary>
    /// <exception cref="InvalidOperationException">There is none.</exception>
    public StreamDefinition StreamOf(Type eventType) =>
        Find(eventType) ?? throw new InvalidOperationException($"Service '{Service}' publishes no stream for {eventType.Name}: add .Publishes<…>(\"stream\") where the flow is declared.");

    /// <summary>The stream for events of this type; null if there is none.</summary>
    internal StreamDefinition? Find(Type eventType)
    {
        for (var type = eventType; type is not null; type = type.BaseType)
        {
            if (byEventType.TryGetValue(type, out var definition))
            {
                return definition;
            }
        }

        return null;
    }
}
