using System.Globalization;
using FlowPlatform.Dashboard.Controls;
using FlowPlatform.Dashboard.Storage;
using Microsoft.AspNetCore.Components;

namespace FlowPlatform.Dashboard.Traces;

/// <summary>Finds traces. What is chosen stands in the address.</summary>
public sealed partial class TraceListPage
{
    private const int PageSize = 50;
    private const int MaxServices = 4;
    private TracePage? page;
    private IReadOnlyList<string> services = [];
    private string? wrong;
    private bool paused;

    [Inject]
    private TraceList List { get; set; } = null!;

    [Inject]
    private ServiceNames Names { get; set; } = null!;

    [Inject]
    private TelemetryRuns Runs { get; set; } = null!;

    /// <summary>A service that took part.</summary>
    [SupplyParameterFromQuery]
    public string? Service { get; set; }

    /// <summary>Part of a span's name.</summary>
    [SupplyParameterFromQuery]
    public string? Name { get; set; }

    /// <summary>An attribute of a span, as <c>name=value</c>.</summary>
    [SupplyParameterFromQuery]
    public string? Attribute { get; set; }

    /// <summary>Shortest duration, in ms.</summary>
    [SupplyParameterFromQuery]
    public string? Min { get; set; }

    /// <summary>Longest duration, in ms.</summary>
    [SupplyParameterFromQuery]
    public string? Max { get; set; }

    /// <summary><c>true</c>: a span must have failed.</summary>
    [SupplyParameterFromQuery]
    public string? Errors { get; set; }

    /// <summary><c>live</c>, <c>replayed</c>, or both.</summary>
    [SupplyParameterFromQuery]
    public string? Traffic { get; set; }

    /// <summary>The run's name; none: the current one.</summary>
    [SupplyParameterFromQuery]
    public string? Run { get; set; }

    /// <summary>Where the page begins: start and number of the last trace of the page before.</summary>
    [SupplyParameterFromQuery]
    public string? Before { get; set; }

    /// <inheritdoc />
    protected override IReadOnlyList<string> PlaceParameters => ["before"];

    /// <inheritdoc />
    protected override bool IsLive => CanFollow && !paused;

    private bool CanFollow => string.IsNullOrEmpty(Run) && Before is null;

    private bool ErrorsOnly => Errors == "true";

    private bool HasFilter => new[] { Service, Name, Attribute, Min, Max, Errors, Traffic }.Any(static part => !string.IsNullOrEmpty(part));

    private IEnumerable<string> ServiceChoices => Service is { Length: > 0 } chosen && !services.Contains(chosen) ? [chosen, .. services] : services;

    /// <inheritdoc />
    protected override async Task ReadAsync(CancellationToken cancellationToken)
    {
        var run = Runs.Chosen(Run);
        var read = await List.FindAsync(run, Filter(), Cursor(), PageSize, cancellationToken);
        services = await Names.ReadAsync(run, Signal.Traces, cancellationToken);
        page = read;
    }

    private TraceFilter Filter()
    {
        AttributeFilter? attribute = null;
        wrong = null;
        if (!string.IsNullOrWhiteSpace(Attribute))
        {
            attribute = AttributeFilter.Parse(Attribute);
            wrong = attribute is null ? "An attribute is looked for by its name and its value: name=value." : null;
        }

        return new TraceFilter
        {
            Service = Service,
            Name = Name?.Trim(),
            Attribute = attribute,
            MinDuration = Milliseconds(Min),
            MaxDuration = Milliseconds(Max),
            ErrorsOnly = ErrorsOnly,
            Replay = Traffic switch { "live" => ReplayFilter.Live, "replayed" => ReplayFilter.Replayed, _ => ReplayFilter.Any },
        };
    }

    private static TimeSpan? Milliseconds(string? text) =>
        double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var value) && value is >= 0 and < 1e12 ? TimeSpan.FromMilliseconds(value) : null;

    private TraceCursor? Cursor() =>
        Before?.Split('-') is [var start, var id] && long.TryParse(start, NumberStyles.None, CultureInfo.InvariantCulture, out var from) && long.TryParse(id, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            ? new TraceCursor(from, number)
            : null;

    private string Width(TimeSpan duration)
    {
        var longest = page!.Traces.Max(static trace => trace.Duration);
        return longest > TimeSpan.Zero ? Math.Max(1, 100 * (duration / longest)).ToString("0.#", CultureInfo.InvariantCulture) : "0";
    }

    private static string Plural(int count, string noun) => count == 1 ? $"1 {noun}" : $"{Format.Count(count)} {noun}s";
}
