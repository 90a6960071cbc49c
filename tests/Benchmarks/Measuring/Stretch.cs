using System.Diagnostics;

namespace FlowPlatform.Benchmarks.Measuring;

/// <summary>A stretch of work by a number of events: how fast, and how much of this process's processor time.</summary>
internal sealed class Stretch
{
    private readonly long started = Stopwatch.GetTimestamp();
    private readonly TimeSpan processor = Processor;

    private static TimeSpan Processor
    {
        get
        {
            using var process = Process.GetCurrentProcess();
            return process.TotalProcessorTime;
        }
    }

    /// <summary>Ends it now.</summary>
    /// <param name="name">What was done.</param>
    /// <param name="events">How many events.</param>
    public IReadOnlyList<Sample> End(string name, long events) =>
    [
        new(name, "events/s", events / Stopwatch.GetElapsedTime(started).TotalSeconds),
        new("client CPU", "µs/event", (Processor - processor).TotalMicroseconds / events),
    ];
}
