using Microsoft.AspNetCore.Components;

namespace FlowPlatform.Dashboard.Controls;

/// <summary>Reads when it is shown, and again every few seconds for as long as it is.</summary>
public abstract class PollingComponent : QueryComponent
{
    /// <summary>Gives the time.</summary>
    [Inject]
    protected TimeProvider Clock { get; set; } = TimeProvider.System;

    /// <summary>Time between two looks; default 5 s.</summary>
    protected virtual TimeSpan Interval => TimeSpan.FromSeconds(5);

    /// <summary>Whether looking again would show anything new; default true.</summary>
    protected virtual bool IsLive => true;

    /// <summary>Reads, and then sets the component's state.</summary>
    /// <param name="cancellationToken">Cancelled when the component is gone, or reads again.</param>
    protected abstract Task ReadAsync(CancellationToken cancellationToken);

    /// <inheritdoc />
    protected override Task OnParametersSetAsync() => QueryAsync(ReadAsync);

    /// <inheritdoc />
    protected override async Task OnAfterRenderAsync(bool firstRender)
    {
        // Within a circuit only: the page that is sent first is rendered once, and never gets here.
        if (!firstRender || End.IsCancellationRequested)
        {
            return;
        }

        using var timer = new PeriodicTimer(Interval, Clock);
        try
        {
            while (await timer.WaitForNextTickAsync(End))
            {
                if (IsLive)
                {
                    await QueryAsync(ReadAsync);
                    StateHasChanged();
                }
            }
        }
        catch (OperationCanceledException)
        {
            // The component is gone.
        }
    }
}
