using FlowPlatform.Dashboard.Storage;
using Microsoft.AspNetCore.Components;

namespace FlowPlatform.Dashboard.Controls;

/// <summary>Asks one question at a time: a newer one cancels the one before. What goes wrong is shown, not thrown.</summary>
public abstract class QueryComponent : ComponentBase, IDisposable
{
    private readonly CancellationTokenSource end = new();
    private CancellationTokenSource? current;

    /// <summary>A component that waits for nothing.</summary>
    protected QueryComponent() => End = end.Token;

    /// <summary>Why there is no answer; null if there is one, or none yet.</summary>
    protected Exception? Fault { get; private set; }

    /// <summary>Whether an answer is awaited.</summary>
    protected bool IsLoading { get; private set; }

    /// <summary>Cancelled when the component is gone.</summary>
    protected CancellationToken End { get; }

    /// <summary>Asks, and cancels what was asked before. What the query sets is set only if nothing was asked since.</summary>
    /// <param name="query">Reads; after its last await it sets the component's state.</param>
    protected async Task QueryAsync(Func<CancellationToken, Task> query)
    {
        ArgumentNullException.ThrowIfNull(query);
        if (current is { } before)
        {
            await before.CancelAsync();
        }

        if (End.IsCancellationRequested)
        {
            return;
        }

        using var mine = CancellationTokenSource.CreateLinkedTokenSource(End);
        current = mine;
        IsLoading = true;
        try
        {
            await query(mine.Token);
            Fault = null;
        }
        catch (OperationCanceledException) when (mine.IsCancellationRequested)
        {
            // Nobody waits for it any more.
        }
        catch (Exception e) when (IsExpected(e))
        {
            Fault = e;
        }
        finally
        {
            if (current == mine)
            {
                (current, IsLoading) = (null, false);
            }
        }
    }

    /// <summary>What is shown in place of the answer; anything else is an error of the page.</summary>
    /// <param name="fault">What the query has thrown.</param>
    protected virtual bool IsExpected(Exception fault) => fault is TelemetryQueryException;

    /// <inheritdoc />
    public void Dispose()
    {
        Dispose(disposing: true);
        GC.SuppressFinalize(this);
    }

    /// <summary>Ends what is under way.</summary>
    /// <param name="disposing">True: not by the finalizer.</param>
    protected virtual void Dispose(bool disposing)
    {
        if (disposing && !end.IsCancellationRequested)
        {
            end.Cancel();
            end.Dispose();
        }
    }
}
