using System.Collections.Concurrent;
using System.Reflection;

namespace FlowPlatform.Events;

/// <summary>What the platform knows about a CLR type that is an event. Cached; safe for concurrent use.</summary>
public sealed class EventType
{
    private static readonly ConcurrentDictionary<Type, EventType> Known = new();
    private readonly Func<object, string?>? key;

    private EventType(Type clrType, EventAttribute attribute)
    {
        ClrType = clrType;
        Name = attribute.Type;
        if (attribute.Key is { } property)
        {
            var getter = clrType.GetProperty(property)
                ?? throw new ArgumentException($"{clrType.Name} has no property '{property}' to be its key.");
            key = @event => getter.GetValue(@event)?.ToString();
        }
    }

    /// <summary>The CLR type.</summary>
    public Type ClrType { get; }

    /// <summary>Its name on the wire.</summary>
    public string Name { get; }

    /// <summary>The description of an event's CLR type.</summary>
    /// <exception cref="ArgumentException">The type has no <see cref="EventAttribute"/>, or names a key that it doesn't have.</exception>
    public static EventType Of(Type clrType) => Known.GetOrAdd(clrType, static type => new EventType(
        type,
        type.GetCustomAttribute<EventAttribute>() ?? throw new ArgumentException($"{type.Name} is no event: it has no [Event(\"…\")] attribute.")));

    /// <summary>The event's partition key; null if it has none.</summary>
    public string? KeyOf(object @event) => key?.Invoke(@event) is { Length: > 0 } value ? value : null;
}
