namespace FlowPlatform.Outbox;

/// <summary>
/// Keeps a partition's stream of small sends at 20 a second, after a burst of 10: each send becomes a chunk, every consumer pays for chunks and not for what is in them, and what waits for
/// its turn shares the next. An idle partition's events don't wait, nor does what fills a chunk. Used by one relay.
/// </summary>
internal sealed class SendPace(TimeProvider clock)
{
    private const double Burst = 10;
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(50);
    private double allowed = Burst;
    private long since = clock.GetTimestamp();

    /// <summary>Waits until a small send is due: at most 50 ms.</summary>
    public async ValueTask WaitAsync(CancellationToken cancellationToken)
    {
        Refill();
        if (allowed < 1)
        {
            await Task.Delay(Interval * (1 - allowed), clock, cancellationToken);
        }
    }

    /// <summary>Notes a send.</summary>
    /// <param name="worthAChunk">True if it is large enough not to count.</param>
    public void Sent(bool worthAChunk)
    {
        Refill();
        allowed = worthAChunk ? allowed : Math.Max(0, allowed - 1);
    }

    private void Refill()
    {
        var now = clock.GetTimestamp();
        allowed = Math.Min(Burst, allowed + (clock.GetElapsedTime(since, now) / Interval));
        since = now;
    }
}
