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

    /// <summary>Where the page is, with what is chosen.</summary>
    [Inject]
    protected NavigationManager Navigation { get; set; } = null!;

    /// <summary>The parameters that say which page of a list is shown: another choice begins at the beginning.</summary>
    protected virtual IReadOnlyList<string> PlaceParameters => [];

    /// <summary>This page with something else chosen; null takes a choice away.</summary>
    protected string Address(params (string Name, string? Value)[] changes) => Navigation.GetUriWithQueryParameters(
        changes.ToDictionary(static change => change.Name, static change => (object?)(string.IsNullOrWhiteSpace(change.Value) ? null : change.Value.Trim())));

    /// <summary>Chooses something else, from the beginning.</summary>
    protected void Go(params (string Name, string? Value)[] changes) =>
        Navigation.NavigateTo(Address([.. changes, .. PlaceParameters.Select(static name => (name, (string?)null))]));

    /// <summary>Chooses what a field says.</summary>
    protected void Go(string name, object? value) => Go((name, value as string));

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
