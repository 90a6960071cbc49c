namespace FlowPlatform.Telemetry;

/// <summary>W3C trace context as events and commands carry it.</summary>
internal readonly record struct TraceContext(string? Parent, string? State);
