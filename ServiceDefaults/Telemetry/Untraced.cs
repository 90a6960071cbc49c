using System.Diagnostics;

namespace ServiceDefaults.Telemetry;

/// <summary>
/// Keeps what is asked again and again out of traces, at both ends: calls carry a <c>traceparent</c> whose flag says that it is not recorded, which parent-based samplers, the default, follow. Safe for concurrent use.
/// </summary>
public static class Untraced
{
    /// <summary>Begins a part of the current method, and of what it calls, whose work is in no trace, even where the caller's is.</summary>
    /// <returns>To be disposed of where the part ends, by the same method.</returns>
    public static IDisposable Begin() => new Activity("untraced") { ActivityTraceFlags = ActivityTraceFlags.None }.SetIdFormat(ActivityIdFormat.W3C).Start();
}
