namespace FlowPlatform.Stores;

/// <summary>Wakes any number of waiters when something has happened; none of them can miss it. Safe for concurrent use.</summary>
public sealed class Pulse
{
    private readonly Lock gate = new();
    private TaskCompletionSource next = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private long version;

    /// <summary>How often it has happened. Read it before looking for work; wait with it after.</summary>
    public long Version => Volatile.Read(ref version);

    /// <summary>Wakes all who wait.</summary>
    public void Signal()
    {
        TaskCompletionSource waiting;
        lock (gate)
        {
            version++;
            waiting = next;
            next = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        }

        waiting.SetResult();
    }

    /// <summary>Completes at once if it has happened since <paramref name="seen"/> was read, else when it happens.</summary>
    public Task WaitAsync(long seen, CancellationToken cancellationToken)
    {
        lock (gate)
        {
            return version != seen ? Task.CompletedTask : next.Task.WaitAsync(cancellationToken);
        }
    }
}
