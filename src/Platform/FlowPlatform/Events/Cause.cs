namespace FlowPlatform.Events;

/// <summary>What made a decision necessary: the event or command that a reactor or handler works on. Counts what comes of it, so that ids are deterministic.</summary>
public sealed class Cause
{
    private int ordinal;

    /// <summary>Creates a cause.</summary>
    /// <param name="decider">Name of the reactor or command handler.</param>
    /// <param name="id">Id of the event or command.</param>
    /// <param name="time">Its event time, UTC.</param>
    public Cause(string decider, string id, DateTimeOffset time)
    {
        Decider = decider;
        Id = id;
        Time = time;
    }

    /// <summary>Name of the reactor or command handler.</summary>
    public string Decider { get; }

    /// <summary>Id of the event or command.</summary>
    public string Id { get; }

    /// <summary>Its event time, UTC.</summary>
    public DateTimeOffset Time { get; }

    /// <summary>Id to be inherited as <c>causation-id</c> by what comes of it; default: <see cref="Id"/>.</summary>
    public string? CausationId { get; init; }

    /// <summary>What the conversation has in common.</summary>
    public string? CorrelationId { get; init; }

    /// <summary>W3C trace context, or null.</summary>
    public string? TraceParent { get; init; }

    /// <summary>W3C trace state, or null.</summary>
    public string? TraceState { get; init; }

    /// <summary>The next deterministic id.</summary>
    internal Guid NextId(string service) => DeterministicId.Create(service, Decider, Id, ordinal++);
}
