using FlowPlatform.Events;

namespace ServiceNamespace;

/// <summary>What this service uses of the event. Its other fields are there for other readers; add those that you need, under their names on the log.</summary>
[Event("stream-name.event-verb", Key = nameof(EventKey))]
internal sealed record EventType(string EventKey);
