namespace FlowPlatform;

/// <summary>Delays that double from 100 ms to 5 s, each shortened at random by up to half, so that those who lost the same broker don't return together. Not safe for concurrent use.</summary>
internal sealed class Backoff(TimeProvider clock)
{
    private static readonly TimeSpan Shortest = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(5);
    private int failures;

    public void Reset() => failures = 0;

    public Task WaitAsync(CancellationToken cancellationToken)
    {
        var delay = Shortest * Math.Pow(2, Math.Min(failures++, 10));
        delay = delay > Longest ? Longest : delay;
#pragma warning disable CA5394 // Spreads load; protects nothing.
        return Task.Delay(delay * (1 - (Random.Shared.NextDouble() / 2)), clock, cancellationToken);
#pragma warning restore CA5394
    }
}
