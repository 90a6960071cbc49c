using FlowPlatform.Events;

namespace FlowPlatform.Consumers;

/// <summary>
/// Written by a relay in place of events that the log lost after their outbox rows were trimmed (rule P5); its sequence is <paramref name="To"/>.
/// Consumers that have applied them note it; others must stop, for they can never get them.
/// </summary>
/// <param name="From">First lost sequence.</param>
/// <param name="To">Last lost sequence.</param>
[Event(TypeName)]
public sealed record GapEvent(long From, long To)
{
    /// <summary>Its type on the wire.</summary>
    public const string TypeName = "flow.gap";
}
