using System.Collections.Concurrent;

namespace FlowPlatform.Benchmarks.Measuring;

/// <summary>Latencies of single events. Safe for concurrent use.</summary>
internal sealed class Latencies
{
    private readonly ConcurrentQueue<double> milliseconds = new();

    public int Count => milliseconds.Count;

    public void Add(TimeSpan latency) => milliseconds.Enqueue(latency.TotalMilliseconds);

    public IReadOnlyList<Sample> End()
    {
        double[] sorted = [.. milliseconds.Order()];
        return [new("p50", "ms", At(0.50)), new("p99", "ms", At(0.99)), new("max", "ms", sorted[^1])];

        double At(double share) => sorted[Math.Max(0, (int)Math.Ceiling(share * sorted.Length) - 1)];
    }
}
