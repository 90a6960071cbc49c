namespace FlowPlatform.Chaos.Network;

/// <summary>How a link is at the moment. Faults of one kind may overlap. Safe for concurrent use.</summary>
internal sealed class LinkState
{
    private readonly Lock gate = new();
    private readonly List<TimeSpan> delays = [];
    private int silences;
    private TaskCompletionSource? silence;

    /// <summary>How much longer each piece takes.</summary>
    public TimeSpan Delay
    {
        get
        {
            lock (gate)
            {
                return delays.Aggregate(TimeSpan.Zero, (sum, delay) => sum + delay);
            }
        }
    }

    /// <summary>Completes when the link lets something through.</summary>
    public Task Audible
    {
        get
        {
            lock (gate)
            {
                return silence?.Task ?? Task.CompletedTask;
            }
        }
    }

    public void Slow(TimeSpan delay)
    {
        lock (gate)
        {
            delays.Add(delay);
        }
    }

    public void Quicken(TimeSpan delay)
    {
        lock (gate)
        {
            delays.Remove(delay);
        }
    }

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
