namespace FlowPlatform.Dashboard.Events;

/// <summary>
/// Bounds how fast the log is read for people, in events and bytes per second, over all who read. A batch is paid for after it came and before its place in the buffer is given back: so a reader that has to wait is sent no more by the
/// broker, and the most that comes unpaid is what its buffer holds. Safe for concurrent use.
/// </summary>
internal sealed class RateCap(EventLimits limits, TimeProvider clock)
{
    /// <summary>Unused time counts that long: a page of events comes at once.</summary>
    private static readonly TimeSpan Burst = TimeSpan.FromMilliseconds(250);

    /// <summary>What an event is counted for besides its data: headers.</summary>
    private const int Envelope = 256;

    private readonly Lock mutex = new();
    private DateTimeOffset free = DateTimeOffset.MinValue;

    /// <summary>Waits until this much more may be read.</summary>
    public async ValueTask TakeAsync(int events, long bytes, CancellationToken cancellationToken)
    {
        var cost = TimeSpan.FromSeconds(Math.Max((double)events / limits.EventsPerSecond, (double)(bytes + ((long)events * Envelope)) / limits.BytesPerSecond));
        TimeSpan wait;
        lock (mutex)
        {
            var now = clock.GetUtcNow();
            free = (free > now - Burst ? free : now - Burst) + cost;
            wait = free - now;
        }

        if (wait > TimeSpan.Zero)
        {
            await Task.Delay(wait, clock, cancellationToken);
        }
    }
}
