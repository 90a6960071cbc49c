namespace FlowPlatform.Stores;

/// <summary>Wakes any number of waiters when something has happened; none of them can miss it. Safe for concurrent use.</summary>
public sealed class Pulse
{
    private readonly Lock gate = new();
    private List<TaskCompletionSource> waiting = [];
    private long version;

    /// <summary>How often it has happened. Read it before looking for work; wait with it after.</summary>
    public long Version => Volatile.Read(ref version);

    /// <summary>Wakes all who wait.</summary>
    public void Signal()
    {
        List<TaskCompletionSource> woken;
        lock (gate)
        {
            version++;
            (woken, waiting) = (waiting, []);
        }

        woken.ForEach(static waiter => waiter.TrySetResult());
    }

    /// <summary>Completes at once if it has happened since <paramref name="seen"/> was read, else when it happens.</summary>
    public async Task WaitAsync(long seen, CancellationToken cancellationToken)
    {
        // Of each waiter his own: one that all shared, with a wait that can be cancelled upon it, would take a second thread to go on.
        var waiter = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (gate)
        {
            if (version != seen)
            {
                return;
            }

            waiting.Add(waiter);
        }

        using var cancelling = cancellationToken.UnsafeRegister(static (state, token) => ((TaskCompletionSource)state!).TrySetCanceled(token), waiter);
        try
        {
            await waiter.Task;
        }
        catch (OperationCanceledException)
        {
            lock (gate)
            {
                waiting.Remove(waiter);
            }

            throw;
        }
    }
}
