using Microsoft.AspNetCore.Components;

namespace FlowPlatform.Dashboard.Resources;

/// <summary>Renders again when something has changed, at most four times a second, and once a second in any case, for what counts the time.</summary>
public abstract class LiveComponent : ComponentBase, IDisposable
{
    private static readonly TimeSpan Least = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(1);

    private readonly CancellationTokenSource end = new();

    /// <summary>Begins with the first rendering.</summary>
    protected LiveComponent() => End = end.Token;

    /// <summary>Gives the time.</summary>
    [Inject]
    protected TimeProvider Clock { get; set; } = TimeProvider.System;

    /// <summary>Cancelled when the component is gone.</summary>
    protected CancellationToken End { get; }

    /// <summary>Completes with the next change.</summary>
    protected abstract Task Changed { get; }

    /// <summary>Called before each rendering that a change or the time has caused.</summary>
    protected virtual void Refresh()
    {
    }

    /// <inheritdoc />
    protected override async Task OnAfterRenderAsync(bool firstRender)
    {
        if (!firstRender)
        {
            return;
        }

        try
        {
            while (!End.IsCancellationRequested)
            {
                var changed = Changed;
                await Task.WhenAny(changed, Task.Delay(Longest, Clock, End));
                await Task.Delay(Least, Clock, End);
                Refresh();
                StateHasChanged();
            }
        }
        catch (OperationCanceledException) when (End.IsCancellationRequested)
        {
            // The component is gone.
        }
    }

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
