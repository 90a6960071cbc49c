namespace FlowPlatform.Consumers.Sharing;

/// <summary>One time of being a member, from a join until the term is over. Safe for concurrent use.</summary>
internal sealed class Membership(string id, TimeSpan term, TimeProvider clock) : IDisposable
{
    private readonly CancellationTokenSource over = new();
    private long renewedAt = clock.GetTimestamp();

    public string Id { get; } = id;

    /// <summary>Fires when it is over.</summary>
    public CancellationToken Over => over.Token;

    /// <summary>What is left by the own clock, which also counts while the process was paused.</summary>
    public TimeSpan Remaining => term - clock.GetElapsedTime(Volatile.Read(ref renewedAt));

    public bool IsOver => over.IsCancellationRequested || Remaining <= TimeSpan.Zero;

    /// <summary>A renewal succeeded that was sent then.</summary>
    public void Renewed(long sentAt) => Volatile.Write(ref renewedAt, sentAt);

    public void End() => over.Cancel();

    public void Dispose() => over.Dispose();
}
