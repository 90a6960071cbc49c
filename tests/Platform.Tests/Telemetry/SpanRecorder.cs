using System.Collections.Concurrent;
using System.Diagnostics;

namespace FlowPlatform.Tests.Telemetry;

/// <summary>Tests that listen to the process's spans and metrics run alone: others would be heard, too.</summary>
[CollectionDefinition(nameof(Listening), DisableParallelization = true)]
public sealed class Listening;

/// <summary>Listens to the platform's spans as a parent-based sampler does, and keeps those that have ended.</summary>
internal sealed class SpanRecorder : IDisposable
{
    private readonly ConcurrentQueue<Activity> ended = [];
    private readonly ActivityListener listener;

    public SpanRecorder()
    {
        listener = new ActivityListener
        {
            ShouldListenTo = source => source.Name.StartsWith("FlowPlatform.", StringComparison.Ordinal),
            Sample = (ref ActivityCreationOptions<ActivityContext> options) =>
                options.Parent == default || options.Parent.TraceFlags.HasFlag(ActivityTraceFlags.Recorded) ? ActivitySamplingResult.AllDataAndRecorded : ActivitySamplingResult.None,
            ActivityStopped = ended.Enqueue,
        };
        ActivitySource.AddActivityListener(listener);
    }

    public IReadOnlyList<Activity> Ended => [.. ended];

    public IReadOnlyList<Activity> Named(string name) => [.. ended.Where(span => span.DisplayName == name)];

    public void Dispose() => listener.Dispose();
}

/// <summary>Makes up producers' contexts.</summary>
internal static class Producers
{
    public static ActivityContext New(bool sampled = true) =>
        new(ActivityTraceId.CreateRandom(), ActivitySpanId.CreateRandom(), sampled ? ActivityTraceFlags.Recorded : ActivityTraceFlags.None, isRemote: true);

    public static string TraceParent(this ActivityContext context) => $"00-{context.TraceId}-{context.SpanId}-{(context.TraceFlags == ActivityTraceFlags.Recorded ? "01" : "00")}";
}
