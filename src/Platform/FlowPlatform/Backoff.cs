namespace FlowPlatform;

/// <summary>Waits ever longer between failures: see <see cref="RetryDelay"/>. Not safe for concurrent use.</summary>
internal sealed class Backoff(TimeProvider clock)
{
    private int failures;

    public void Reset() => failures = 0;

    public Task WaitAsync(CancellationToken cancellationToken) => Task.Delay(RetryDelay.After(++failures), clock, cancellationToken);
}
