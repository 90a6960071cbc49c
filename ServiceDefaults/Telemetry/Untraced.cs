using System.Diagnostics;

namespace ServiceDefaults.Telemetry;

/// <summary>
/// Keeps what is asked again and again out of traces, at both ends, whatever sampler each has: calls carry a <c>traceparent</c> whose flag says that it is not recorded, and a <c>tracestate</c> that says that
/// this is meant (<c>flow=untraced</c>). Safe for concurrent use.
/// </summary>
public static class Untraced
{
    private const string State = "flow=untraced";

    /// <summary>Begins a part of the current method, and of what it calls, whose work is in no trace, even where the caller's is.</summary>
    /// <returns>To be disposed of where the part ends, by the same method.</returns>
    public static IDisposable Begin() => new Activity("untraced") { ActivityTraceFlags = ActivityTraceFlags.None, TraceStateString = State }.SetIdFormat(ActivityIdFormat.W3C).Start();

    /// <summary>Whether a caller has begun such a part. Its flag alone may mean that the caller's sampler took one trace of a hundred.</summary>
    internal static bool IsMeant(in ActivityContext parent) => !parent.TraceFlags.HasFlag(ActivityTraceFlags.Recorded) && parent.TraceState is { } state && state.Split(',').Any(static member => member.Trim() == State);
}
