using FlowPlatform.Dashboard.Controls;
using Microsoft.AspNetCore.Components;
using Microsoft.JSInterop;

namespace FlowPlatform.Dashboard.Resources;

/// <summary>What a resource writes, as it writes it.</summary>
public sealed partial class ConsolePage
{
    /// <summary>Lines in the page; all that are kept are searched.</summary>
    private const int ShownMax = 1_000;

    private static readonly Task Never = new TaskCompletionSource().Task;

    private ConsoleText text = new([], 0, null);
    private List<ConsoleLine> lines = [];
    private IReadOnlyList<string> choices = [];
    private ElementReference frame;
    private ConsoleFeed? feed;
    private string? followed;
    private string? refusal;
    private long scrolledTo;
    private int hidden;
    private bool isFollowing = true;

    /// <summary>Whose console.</summary>
    [SupplyParameterFromQuery]
    public string? Resource { get; set; }

    /// <summary>Only lines with this in them, whatever its case.</summary>
    [SupplyParameterFromQuery]
    public string? Text { get; set; }

    /// <summary>Only what came on standard error.</summary>
    [SupplyParameterFromQuery(Name = "errors")]
    public bool ErrorsOnly { get; set; }

    /// <inheritdoc />
    protected override Task Changed => Task.WhenAny(feed?.Next ?? Never, Board.Next);

    /// <inheritdoc />
    protected override void OnParametersSet()
    {
        if (followed != Resource)
        {
            Leave();
            (followed, refusal, isFollowing, scrolledTo) = (Resource, null, true, 0);
        }

        Refresh();
    }

    /// <inheritdoc />
    protected override async Task OnAfterRenderAsync(bool firstRender)
    {
        // Not while the page is rendered for its first answer: nobody would give the console back.
        Follow();
        if (isFollowing && lines is [.., var last] && last.Number != scrolledTo)
        {
            scrolledTo = last.Number;
            await Script.InvokeVoidAsync("dashboard.scrollToEnd", End, frame);
        }

        await base.OnAfterRenderAsync(firstRender);
    }

    /// <inheritdoc />
    protected override void Refresh()
    {
        choices = [.. Board.Now.Resources.SelectMany(static resource => resource.Replicas.Count > 0 ? resource.Replicas : [resource]).Where(static resource => resource.Has("start")).Select(static resource => resource.Name)];
        if (feed is null)
        {
            (text, lines, hidden) = (new ConsoleText([], 0, null), [], 0);
        }
        else if (isFollowing || lines.Count == 0)
        {
            text = feed.Now;
            Filter();
        }
        else
        {
            Filter();
        }
    }

    /// <inheritdoc />
    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            Leave();
        }

        base.Dispose(disposing);
    }

    private void Follow()
    {
        if (feed is not null || followed is null || refusal is not null || End.IsCancellationRequested)
        {
            return;
        }

        try
        {
            feed = Feeds.Take(followed);
        }
        catch (ResourceServiceException fault)
        {
            refusal = fault.Message;
            StateHasChanged();
        }
    }

    private void Leave()
    {
        if (feed is not null && followed is not null)
        {
            Feeds.Return(followed);
        }

        feed = null;
    }

    private void Filter()
    {
        var matching = text.Lines.Where(line => (!ErrorsOnly || line.IsError) && (string.IsNullOrEmpty(Text) || AnsiText.Strip(line.Text).Contains(Text, StringComparison.OrdinalIgnoreCase))).ToList();
        hidden = Math.Max(matching.Count - ShownMax, 0);
        lines = hidden == 0 ? matching : matching.GetRange(hidden, ShownMax);
    }

    private void ToggleFollow()
    {
        isFollowing = !isFollowing;
        Refresh();
    }

    private void Go(string name, object? value) => Address.NavigateTo(Links.With(
        "console",
        ("resource", name == "resource" ? value as string : Resource),
        ("text", name == "text" ? value as string : Text),
        ("errors", name == "errors" ? value as string : ErrorsOnly ? "true" : null)));
}
