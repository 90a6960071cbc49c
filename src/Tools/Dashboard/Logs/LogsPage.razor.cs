using System.Globalization;
using FlowPlatform.Dashboard.Controls;
using FlowPlatform.Dashboard.Storage;
using FlowPlatform.Dashboard.Traces;
using Microsoft.AspNetCore.Components;

namespace FlowPlatform.Dashboard.Logs;

/// <summary>Finds log records, and shows them as they come. What is chosen stands in the address.</summary>
public sealed partial class LogsPage
{
    private const int PageSize = 100;
    private const int MaxBuffer = 300;
    private const int ShortDigits = 8;
    private static readonly LogSeverity[] Levels = [LogSeverity.Debug, LogSeverity.Information, LogSeverity.Warning, LogSeverity.Error, LogSeverity.Critical];

    private readonly List<string> wrongs = [];
    private List<LogEntry> entries = [];
    private LogPage? page;
    private LogEntry? selected;
    private IReadOnlyList<string> services = [];
    private CancellationTokenSource? following;
    private long skipped;

    [Inject]
    private LogList List { get; set; } = null!;

    [Inject]
    private LogTail Tail { get; set; } = null!;

    [Inject]
    private ServiceNames Names { get; set; } = null!;

    [Inject]
    private TelemetryRuns Runs { get; set; } = null!;

    /// <summary>The least level.</summary>
    [SupplyParameterFromQuery]
    public string? Level { get; set; }

    /// <summary>Whose records.</summary>
    [SupplyParameterFromQuery]
    public string? Service { get; set; }

    /// <summary>Part of the message or of the attributes.</summary>
    [SupplyParameterFromQuery]
    public string? Text { get; set; }

    /// <summary>An attribute, as <c>name=value</c>.</summary>
    [SupplyParameterFromQuery]
    public string? Attribute { get; set; }

    /// <summary>A trace's id.</summary>
    [SupplyParameterFromQuery]
    public string? Trace { get; set; }

    /// <summary>A span's id.</summary>
    [SupplyParameterFromQuery]
    public string? Span { get; set; }

    /// <summary><c>true</c>: records are shown as they come.</summary>
    [SupplyParameterFromQuery]
    public string? Follow { get; set; }

    /// <summary>The run's name; none: the current one.</summary>
    [SupplyParameterFromQuery]
    public string? Run { get; set; }

    /// <summary>Where the page begins: time and number of the last record of the page before.</summary>
    [SupplyParameterFromQuery]
    public string? Before { get; set; }

    /// <inheritdoc />
    protected override IReadOnlyList<string> PlaceParameters => ["before"];

    private bool CanFollow => string.IsNullOrEmpty(Run) && Before is null;

    private bool IsFollowing => CanFollow && Follow == "true";

    private bool HasFilter => new[] { Level, Service, Text, Attribute, Trace, Span }.Any(static part => !string.IsNullOrEmpty(part));

    private IEnumerable<string> ServiceChoices => Service is { Length: > 0 } chosen && !services.Contains(chosen) ? [chosen, .. services] : services;

    /// <inheritdoc />
    protected override async Task OnParametersSetAsync()
    {
        await StopFollowingAsync();
        (selected, skipped) = (null, 0);
        await LoadAsync();
        if (IsFollowing && RendererInfo.IsInteractive && Fault is null && !End.IsCancellationRequested)
        {
            var mine = following = CancellationTokenSource.CreateLinkedTokenSource(End);
            // Not awaited: the page is complete, and this goes on until something else is chosen.
            _ = FollowAsync(Filter(), mine.Token);
        }
    }

    /// <inheritdoc />
    protected override void Dispose(bool disposing)
    {
        base.Dispose(disposing);
        following?.Dispose();
    }

    private Task LoadAsync() => QueryAsync(async cancellationToken =>
    {
        var run = Runs.Chosen(Run);
        var read = await List.FindAsync(run, Filter(), Cursor(), PageSize, cancellationToken);
        services = await Names.ReadAsync(run, Signal.Logs, cancellationToken);
        (page, entries) = (read, [.. read.Entries]);
    });

    private async Task FollowAsync(LogFilter filter, CancellationToken cancellationToken)
    {
        try
        {
            await foreach (var part in Tail.FollowAsync(filter, entries.Count > 0 ? entries.Max(static entry => entry.Id) : null, cancellationToken))
            {
                entries.InsertRange(0, part.Entries.Reverse());
                entries.RemoveRange(Math.Min(MaxBuffer, entries.Count), Math.Max(0, entries.Count - MaxBuffer));
                skipped += part.Skipped;
                StateHasChanged();
            }
        }
        catch (OperationCanceledException)
        {
            // Something else was chosen, or the page is gone.
        }
        catch (TelemetryQueryException e)
        {
            await QueryAsync(_ => Task.FromException(e));
            StateHasChanged();
        }
    }

    private async Task StopFollowingAsync()
    {
        if (following is { } before)
        {
            following = null;
            await before.CancelAsync();
            before.Dispose();
        }
    }

    private LogFilter Filter()
    {
        wrongs.Clear();
        return new LogFilter
        {
            MinSeverity = Enum.TryParse<LogSeverity>(Level, ignoreCase: true, out var level) && Enum.IsDefined(level) ? level : LogSeverity.Unspecified,
            Service = Service,
            Text = Text?.Trim(),
            Attribute = Parse(Attribute, AttributeFilter.Parse, "An attribute is looked for by its name and its value: name=value."),
            TraceId = Parse(Trace, static text => TraceId.TryParse(text, out var id) ? id : (TraceId?)null, "A trace's id has 32 hexadecimal digits."),
            SpanId = Parse(Span, static text => SpanId.TryParse(text, out var id) ? id : (SpanId?)null, "A span's id has 16 hexadecimal digits."),
        };
    }

    private T? Parse<T>(string? text, Func<string, T?> parse, string wrong)
    {
        if (string.IsNullOrWhiteSpace(text))
        {
            return default;
        }

        var parsed = parse(text.Trim());
        if (parsed is null)
        {
            wrongs.Add(wrong);
        }

        return parsed;
    }

    private LogCursor? Cursor() =>
        Before?.Split('-') is [var time, var id] && long.TryParse(time, NumberStyles.None, CultureInfo.InvariantCulture, out var from) && long.TryParse(id, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            ? new LogCursor(from, number)
            : null;

    private void ToggleFollowing() => Navigation.NavigateTo(Address(("follow", IsFollowing ? null : "true")), replace: true);
}
