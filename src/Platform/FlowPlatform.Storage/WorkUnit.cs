using System.Diagnostics;
using FlowPlatform.Stores;
using FlowPlatform.Telemetry;

namespace FlowPlatform.Storage;

/// <summary>A unit of work on its way through a group commit. It is run at most once, by whoever runs the group.</summary>
internal abstract class WorkUnit
{
    private int started;

    /// <summary>What it locks; null if it is serial with everything.</summary>
    public IReadOnlyCollection<string>? Keys { get; init; }

    /// <summary>True for the one who may run it; false if it was cancelled before.</summary>
    public bool TryStart() => Interlocked.Exchange(ref started, 1) == 0;

    public abstract ValueTask RunAsync(StoreTransaction transaction);

    public abstract void Trace(string system, string database);

    public abstract void Complete(int units);

    public abstract void Fail(Exception exception);
}

/// <summary>A unit of work with a result.</summary>
internal sealed class WorkUnit<T>(Func<StoreTransaction, ValueTask<T>> work, CancellationToken cancellationToken) : WorkUnit
{
    private readonly TaskCompletionSource<T> completion = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly ExecutionContext? context = ExecutionContext.Capture();
    private readonly Activity? activity = Activity.Current;
    private Activity? span;
    private T value = default!;

    public Task<T> Result => completion.Task;

    public override void Trace(string system, string database) => span ??= DatabaseSpans.Start(activity, system, database);

    public override async ValueTask RunAsync(StoreTransaction transaction)
    {
        cancellationToken.ThrowIfCancellationRequested();

        // It may run on the thread of another caller, whose user, log scopes and trace it must not see.
        if (context is not null)
        {
            ExecutionContext.Restore(context);
        }

        Activity.Current = span ?? activity;
        value = await work(transaction);
    }

    public override void Complete(int units)
    {
        DatabaseSpans.End(span, units);
        completion.TrySetResult(value);
    }

    public override void Fail(Exception exception)
    {
        DatabaseSpans.End(span, 0, exception);
        span = null;
        if (exception is OperationCanceledException canceled)
        {
            completion.TrySetCanceled(canceled.CancellationToken);
        }
        else
        {
            completion.TrySetException(exception);
        }
    }

    /// <summary>Who still waits for his turn is released at once; who runs ends as he ends.</summary>
    public async Task<T> ResultAsync()
    {
        if (Result.IsCompleted || !cancellationToken.CanBeCanceled)
        {
            return await Result;
        }

        await using (cancellationToken.UnsafeRegister(
            static state =>
            {
                var unit = (WorkUnit<T>)state!;
                if (unit.TryStart())
                {
                    unit.CancelWaiting();
                }
            },
            this))
        {
            return await Result;
        }
    }

    private void CancelWaiting() => completion.TrySetCanceled(cancellationToken);
}
