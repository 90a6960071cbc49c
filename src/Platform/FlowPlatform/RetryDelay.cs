namespace FlowPlatform;

/// <summary>Delays that double from 100 ms to 5 s, each shortened at random by up to half, so that those who failed together don't return together.</summary>
public static class RetryDelay
{
    private const double ShortestMs = 100;
    private const double LongestMs = 5_000;

    /// <summary>How long to wait after so many failures in a row, from 1.</summary>
    public static TimeSpan After(int failures)
    {
        var delay = Math.Min(LongestMs, ShortestMs * Math.Pow(2, Math.Clamp(failures - 1, 0, 10)));
        return TimeSpan.FromMilliseconds(delay * (1 - (Chance.NextDouble() / 2)));
    }
}
