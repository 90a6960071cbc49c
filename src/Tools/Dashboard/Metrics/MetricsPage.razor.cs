using FlowPlatform.Dashboard.Charts;
using FlowPlatform.Dashboard.Controls;
using FlowPlatform.Dashboard.Storage;
using Microsoft.AspNetCore.Components;

namespace FlowPlatform.Dashboard.Metrics;

/// <summary>Draws an instrument's values over time. What is chosen stands in the address.</summary>
public sealed partial class MetricsPage
{
    private const int MaxFilters = 8;
    private const int MaxServices = 6;
    private const int MaxSteps = 120;

    /// <summary>Parts of the drawn time that have a mark each: on a chart as wide as a phone they don't touch.</summary>
    private const int MaxMarks = 30;

    private const int MaxExemplarRows = 20;
    private const int Colours = 8;

    /// <summary>Senders measure no more often.</summary>
    private const int MinStepSeconds = 2;

    private const string AllTogether = "none";
    private IReadOnlyList<InstrumentInfo> instruments = [];
    private IReadOnlyList<MetricDimension> dimensions = [];
    private IReadOnlyList<MetricPanel> panels = [];
    private IReadOnlyList<MetricExemplar> exemplars = [];
    private InstrumentInfo? chosen;
    private DateTimeOffset from;
    private DateTimeOffset to;
    private TimeSpan step = TimeSpan.FromSeconds(MinStepSeconds);
    private bool isPartial;
    private bool isRead;

    [Inject]
    private MetricReader Reader { get; set; } = null!;

    [Inject]
    private TelemetryRuns Runs { get; set; } = null!;

    /// <summary>Meter and name of the instrument, with a colon between.</summary>
    [SupplyParameterFromQuery]
    public string? Instrument { get; set; }

    /// <summary>The dimension that has a line for each of its values; <c>none</c>: all series are one line.</summary>
    [SupplyParameterFromQuery(Name = "split")]
    public string? SplitBy { get; set; }

    /// <summary>How series come together.</summary>
    [SupplyParameterFromQuery(Name = "as")]
    public string? TogetherAs { get; set; }

    /// <summary>Only series with these values, each as <c>name=value</c>.</summary>
    [SupplyParameterFromQuery]
    public string[]? Where { get; set; }

    /// <summary>How far back, in minutes.</summary>
    [SupplyParameterFromQuery]
    public string? Minutes { get; set; }

    /// <summary>The run's name; none: the current one.</summary>
    [SupplyParameterFromQuery]
    public string? Run { get; set; }

    /// <inheritdoc />
    protected override bool IsLive => string.IsNullOrEmpty(Run);

    private bool IsDistribution => chosen?.Instrument.Kind is InstrumentKind.Histogram or InstrumentKind.ExponentialHistogram;

    /// <summary>By service where there are several; a distribution is one, with its percentiles.</summary>
    private string Split => SplitBy ?? (IsDistribution || chosen?.Services.Count < 2 ? AllTogether : MetricDimension.Service);

    /// <summary>Amounts are added; of values that exist side by side the greatest is the one to look at.</summary>
    private Aggregation Together => Enum.TryParse<Aggregation>(TogetherAs, ignoreCase: true, out var way) && Enum.IsDefined(way) ? way : chosen?.Instrument.Kind == InstrumentKind.Gauge ? Aggregation.Max : Aggregation.Sum;

    private Dictionary<string, string> Filter => (Where ?? []).Select(static pair => pair.Split('=', 2)).Where(static pair => pair.Length == 2).DistinctBy(static pair => pair[0]).ToDictionary(static pair => pair[0], static pair => pair[1]);

    /// <inheritdoc />
    protected override async Task ReadAsync(CancellationToken cancellationToken)
    {
        var run = Runs.Chosen(Run);
        var all = await Reader.InstrumentsAsync(run, cancellationToken);
        var one = all.FirstOrDefault(info => KeyOf(info) == Instrument) ?? (Instrument is null && all.Count > 0 ? all[0] : null);
        var differing = one is null ? [] : await Reader.DimensionsAsync(run, one.Id, cancellationToken);
        (instruments, chosen, dimensions) = (all, one, differing);
        if (one is null)
        {
            (isRead, panels, exemplars) = (true, [], []);
            return;
        }

        (from, to) = TimeRange.Of(Minutes, run, Runs, Clock);
        var query = new MetricQuery
        {
            Instrument = one.Id,
            From = from,
            To = to,
            Steps = Math.Clamp((int)(to - from).TotalSeconds / MinStepSeconds, 1, MaxSteps),
            GroupBy = Split == AllTogether ? [] : [Split],
            Where = Filter,
            Aggregation = Together,
        };
        var answer = await Reader.QueryAsync(run, query, cancellationToken);
        exemplars = IsDistribution ? await Reader.ExemplarsAsync(run, query, cancellationToken) : [];
        (step, isPartial, isRead) = (answer.Step, answer.IsPartial, true);
        panels = MetricPanel.Of(one.Instrument, answer, ChartMark.Spread(exemplars.Select(Mark), from, to, MaxMarks), labels => labels.Count == 0 ? one.Instrument.Name : string.Join(", ", labels.Select(static label => label.Value)));
    }

    private ChartMark Mark(MetricExemplar exemplar) =>
        new(exemplar.Time, exemplar.Value, Links.Trace(exemplar.TraceId.ToString(), exemplar.SpanId.ToString(), Run), $"{Write(exemplar.Value)} at {Format.Time(exemplar.Time)}: show its trace");

    private string Write(double value) => MetricUnit.Write(value, chosen!.Instrument.Unit, isRate: false);

    private static string Labels(IReadOnlyList<TelemetryAttribute> labels) => string.Join(", ", labels.Where(static label => label.Name != MetricDimension.Instance).Select(static label => label.Value));

    private static string KeyOf(InstrumentInfo? info) => info is null ? "" : $"{info.Instrument.Meter}:{info.Instrument.Name}";

    private void ChooseInstrument(ChangeEventArgs change) => Go(("instrument", change.Value as string), ("split", null), ("as", null), ("where", null));

    private void ChooseValue(string dimension, string? value)
    {
        var filter = Filter;
        filter.Remove(dimension);
        if (!string.IsNullOrEmpty(value))
        {
            filter[dimension] = value;
        }

        Navigation.NavigateTo(Navigation.GetUriWithQueryParameters(new Dictionary<string, object?> { ["where"] = filter.Select(static pair => $"{pair.Key}={pair.Value}").ToArray() }));
    }
}
