namespace FlowPlatform.RabbitMQ.Commands;

/// <summary>Delays that double from 100 ms to 5 s, each shortened at random by up to half, so that what failed together doesn't return together.</summary>
internal static class RetryDelay
{
    private const double ShortestMs = 100;
    private const double LongestMs = 5_000;

    public static TimeSpan After(int failures)
    {
        var delay = Math.Min(LongestMs, ShortestMs * Math.Pow(2, Math.Min(failures - 1, 10)));
#pragma warning disable CA5394 // Spreads load; protects nothing.
        return TimeSpan.FromMilliseconds(delay * (1 - (Random.Shared.NextDouble() / 2)));
#pragma warning restore CA5394
    }
}
