namespace FlowPlatform.Events;

/// <summary>Names the type of an event on the wire: <c>stream.verb-in-the-past.vN</c>, e.g. <c>orders.placed.v1</c>.</summary>
/// <param name="type">The type name, with its version.</param>
[AttributeUsage(AttributeTargets.Class, Inherited = false)]
public sealed class EventAttribute(string type) : Attribute
{
    /// <summary>The type name, with its version.</summary>
    public string Type { get; } = type;

    /// <summary>Name of the property that is the partition key; null (default): the event's id is its key.</summary>
    public string? Key { get; set; }
}

/// <summary>Names a command, which is also the name of the queue it is sent to, e.g. <c>payments.charge-card</c>.</summary>
/// <param name="name">The name: <c>service.verb</c>.</param>
[AttributeUsage(AttributeTargets.Class, Inherited = false)]
public sealed class CommandAttribute(string name) : Attribute
{
    /// <summary>The name, and the queue.</summary>
    public string Name { get; } = name;
}
