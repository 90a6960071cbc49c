using System.Diagnostics;
using FlowPlatform.Log;

namespace FlowPlatform.Benchmarks.Running;

/// <summary>Follows a consumer from the first batch that it is handed to the commit of the last event. Safe for concurrent use.</summary>
internal sealed class CatchUp(int events)
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(2);
    private readonly TaskCompletionSource<long> ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private long started;
    private long committed;

    /// <summary>Puts the tap into a log.</summary>
    public TappedLog Tap(IEventLog log) => new(
        log,
        _ => Interlocked.CompareExchange(ref started, Stopwatch.GetTimestamp(), 0),
        records =>
        {
            if (Interlocked.Add(ref committed, records.Count) >= events)
            {
                ended.TrySetResult(Stopwatch.GetTimestamp());
            }
        });

    /// <summary>Events a second, once it has them all.</summary>
    public async Task<double> RateAsync()
    {
        var end = await ended.Task.WaitAsync(Limit);
        return events / Stopwatch.GetElapsedTime(Volatile.Read(ref started), end).TotalSeconds;
    }
}
