namespace FlowPlatform.Chaos.Network;

/// <summary>How a link is at the moment. Faults of one kind may overlap. Safe for concurrent use.</summary>
internal sealed class LinkState
{
    private readonly Lock gate = new();
    private long delay;
    private int silences;
    private volatile TaskCompletionSource? silence;

    /// <summary>How much longer each piece takes.</summary>
    public TimeSpan Delay => TimeSpan.FromTicks(Interlocked.Read(ref delay));

    /// <summary>Completes when the link lets something through.</summary>
    public Task Audible => silence?.Task ?? Task.CompletedTask;

    public void Slow(TimeSpan by) => Interlocked.Add(ref delay, by.Ticks);

    public void Quicken(TimeSpan by) => Interlocked.Add(ref delay, -by.Ticks);

    public void Silence()
    {
        lock (gate)
        {
            silences++;
            silence ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        }
    }

    public void EndSilence()
    {
        lock (gate)
        {
            if (--silences == 0)
            {
                silence!.SetResult();
                silence = null;
            }
        }
    }
}
