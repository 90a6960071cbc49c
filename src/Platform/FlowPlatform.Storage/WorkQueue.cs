using System.Threading.Channels;
using FlowPlatform.Stores;

namespace FlowPlatform.Storage;

/// <summary>
/// Units that wait to be written, and the lanes in which groups of them run. Who finds a lane free runs the next group himself, so that a lone consumer's commit changes no thread.
/// Bounded. Safe for concurrent use.
/// </summary>
/// <param name="lanes">How many groups may run at a time.</param>
/// <param name="runGroup">Runs the group that begins with a unit, taking more from the queue as it likes. It must not throw: what fails is the units' to know.</param>
internal sealed class WorkQueue(int lanes, Func<WorkUnit, WorkQueue, Task> runGroup) : IAsyncDisposable
{
    private const int MaxWaiting = 4_096;
    private static readonly TimeSpan WaitLimit = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan CloseLimit = TimeSpan.FromSeconds(1);
    private readonly Channel<WorkUnit> queue = Channel.CreateBounded<WorkUnit>(new BoundedChannelOptions(MaxWaiting));
    private readonly SemaphoreSlim turns = new(lanes, lanes);
    private Task<bool>? closing;

    /// <summary>Runs the unit in a group, and completes when the group has committed.</summary>
    public async Task<T> RunAsync<T>(WorkUnit<T> unit, CancellationToken cancellationToken)
    {
        if (!queue.Writer.TryWrite(unit))
        {
            await EnqueueAsync(unit, cancellationToken);
        }

        if (TryTakeTurn())
        {
            await LeadAsync();
        }

        return await unit.ResultAsync();
    }

    /// <summary>The next unit that nobody has cancelled; null if none waits.</summary>
    public WorkUnit? TryTake()
    {
        while (queue.Reader.TryRead(out var unit))
        {
            if (unit.TryStart())
            {
                return unit;
            }
        }

        return null;
    }

    /// <summary>Takes no more, and runs what waits; a second call says the same.</summary>
    /// <returns>False if a group hangs: it has the connection for as long as the process lives, and what waits behind it is not run.</returns>
    public Task<bool> CloseAsync()
    {
        lock (turns)
        {
            return closing ??= CloseOnceAsync();
        }
    }

    public async ValueTask DisposeAsync() => await CloseAsync();

    private async Task<bool> CloseOnceAsync()
    {
        queue.Writer.TryComplete();

        // The turns are kept: nobody runs a group after this.
        for (var lane = 0; lane < lanes; lane++)
        {
            if (!await turns.WaitAsync(CloseLimit))
            {
                return false;
            }
        }

        while (TryTake() is { } first)
        {
            await runGroup(first, this);
        }

        return true;
    }

    private async Task EnqueueAsync(WorkUnit unit, CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(WaitLimit);
        try
        {
            await queue.Writer.WriteAsync(unit, limit.Token);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new StoreBusyException($"{MaxWaiting:N0} units of work are waiting for the store.");
        }
        catch (ChannelClosedException)
        {
            throw new ObjectDisposedException(nameof(WorkQueue), "The store is closed.");
        }
    }

    private bool TryTakeTurn() => turns.Wait(TimeSpan.Zero);

    /// <summary>Runs one group, and sees to it that somebody runs the next.</summary>
    private async Task LeadAsync()
    {
        if (TryTake() is { } first)
        {
            await runGroup(first, this);
        }

        turns.Release();

        // Who came meanwhile has found the turns taken.
        if (queue.Reader.TryPeek(out _) && TryTakeTurn())
        {
            ThreadPool.UnsafeQueueUserWorkItem(static waiting => _ = waiting.LeadAsync(), this, preferLocal: false);
        }
    }
}
