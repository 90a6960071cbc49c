using FlowPlatform.Dashboard.Controls;
using FlowPlatform.Dashboard.Logs;
using FlowPlatform.Dashboard.Storage;
using Microsoft.AspNetCore.Components;

namespace FlowPlatform.Dashboard.Traces;

/// <summary>The waterfall of one trace, with what happened in it.</summary>
public sealed partial class TraceDetailPage
{
    /// <summary>What it means that a trace has no root here.</summary>
    internal const string BegunOutside = "Who called first sends its spans elsewhere, or nowhere: a customer's own traced system, say. A root that is still on its way, or was not sampled, looks the same.";

    private const int PageSize = 300;
    private const int MaxDepth = 14;
    private const int MaxLogRows = 20;

    /// <summary>With more, logs are shown in place only when asked for.</summary>
    private const int FewLogs = 12;

    /// <summary>A trace that began before that is taken to be over.</summary>
    private static readonly TimeSpan Settled = TimeSpan.FromMinutes(2);

    private TraceDetail? detail;
    private Scale? scale;
    private ILookup<SpanId, LinkingSpan> linkedFrom = Array.Empty<LinkingSpan>().ToLookup(static link => link.Target);
    private Dictionary<SpanId, IReadOnlyList<LogEntry>> logs = [];
    private TraceSpan? selected;
    private (string, string?) read;
    private bool isMissing;
    private int shown = PageSize;

    [Inject]
    private TraceDetails Details { get; set; } = null!;

    [Inject]
    private TelemetryRuns Runs { get; set; } = null!;

    /// <summary>32 hexadecimal digits.</summary>
    [Parameter]
    public string TraceId { get; set; } = "";

    /// <summary>The span whose details are shown.</summary>
    [SupplyParameterFromQuery]
    public string? Span { get; set; }

    /// <summary><c>true</c> or <c>false</c>: whether logs stand among the spans; none: if there are few.</summary>
    [SupplyParameterFromQuery(Name = "logs")]
    public string? InPlace { get; set; }

    /// <summary>The run's name; none: the current one.</summary>
    [SupplyParameterFromQuery]
    public string? Run { get; set; }

    /// <inheritdoc />
    protected override bool IsLive => string.IsNullOrEmpty(Run) && (isMissing || (detail is not null && Clock.GetUtcNow() - detail.Summary.Start < Settled));

    private bool ShowLogs => InPlace is null ? detail!.Logs.Count <= FewLogs : InPlace == "true";

    /// <inheritdoc />
    protected override async Task OnParametersSetAsync()
    {
        // Another span of the same trace: everything is there already.
        if (detail is null || read != (TraceId, Run))
        {
            shown = PageSize;
            await base.OnParametersSetAsync();
        }

        Choose();
    }

    /// <inheritdoc />
    protected override async Task ReadAsync(CancellationToken cancellationToken)
    {
        var (id, run) = (TraceId, Run);
        var found = Traces.TraceId.TryParse(id, out var parsed) ? await Details.ReadAsync(Runs.Chosen(run), parsed, cancellationToken) : null;
        (detail, isMissing, read) = (found, found is null, (id, run));
        if (found is null)
        {
            return;
        }

        scale = new Scale(found.Summary.Start, found.Summary.Duration);
        linkedFrom = found.LinkedFrom.ToLookup(static link => link.Target);
        logs = found.Logs.Where(static entry => entry.SpanId is not null).GroupBy(static entry => entry.SpanId!.Value).ToDictionary(static of => of.Key, static of => (IReadOnlyList<LogEntry>)[.. of]);
        Choose();
    }

    private IReadOnlyList<LogEntry> LogsOf(SpanId span) => logs.GetValueOrDefault(span, []);

    private void Choose()
    {
        selected = SpanId.TryParse(Span, out var id) ? detail?.Spans.FirstOrDefault(span => span.Id == id) : null;
        var at = selected is null ? -1 : detail!.Spans.TakeWhile(span => span.Id != selected.Id).Count();
        shown = Math.Max(shown, at + 1);
    }

    private string Address(SpanId? span) => Navigation.GetUriWithQueryParameter("span", span?.ToString());

    /// <summary>Replaces: going back leads to the page before, not through every span that was looked at.</summary>
    private void Select(SpanId? span) => Navigation.NavigateTo(Address(span), replace: true);

    private void ToggleLogs(ChangeEventArgs change) => Navigation.NavigateTo(Navigation.GetUriWithQueryParameter("logs", change.Value is true ? "true" : "false"), replace: true);
}
