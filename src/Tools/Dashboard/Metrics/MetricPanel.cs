using FlowPlatform.Dashboard.Charts;

namespace FlowPlatform.Dashboard.Metrics;

/// <summary>A chart on the page of metrics.</summary>
internal sealed record MetricPanel(string Title, IReadOnlyList<ChartLine> Lines, IReadOnlyList<ChartMark> Marks, Func<double, string> ValueText)
{
    private static readonly string[] PercentileNames = ["p50", "p95", "p99"];

    /// <summary>The charts of an answer: values or rates; of distributions their percentiles, and how many values there were.</summary>
    /// <param name="instrument">What was asked for.</param>
    /// <param name="answer">The lines.</param>
    /// <param name="marks">Exemplars.</param>
    /// <param name="title">Names a line by its labels.</param>
    public static IReadOnlyList<MetricPanel> Of(Instrument instrument, MetricAnswer answer, IReadOnlyList<ChartMark> marks, Func<IReadOnlyList<TelemetryAttribute>, string> title)
    {
        if (answer.Lines.Count == 0)
        {
            return [];
        }

        var words = MetricUnit.Words(instrument.Unit);
        if (instrument.Kind is not (InstrumentKind.Histogram or InstrumentKind.ExponentialHistogram))
        {
            var isRate = instrument is { Kind: InstrumentKind.Sum, IsMonotonic: true };
            return [new MetricPanel(Titled(isRate ? "Per second" : "Value", words), [.. answer.Lines.Select(line => Line(title(line.Labels), line, static point => point.Value))], [], value => MetricUnit.Write(value, instrument.Unit, isRate))];
        }

        string Value(double value) => MetricUnit.Write(value, instrument.Unit, isRate: false);
        IEnumerable<MetricPanel> percentiles = answer.Lines.Count == 1
            ? [new MetricPanel(Titled("Percentiles", words), [.. PercentileNames.Select((name, index) => Line(name, answer.Lines[0], point => At(point, index)))], marks, Value)]
            : PercentileNames.Select((name, index) => new MetricPanel(Titled(name, words), [.. answer.Lines.Select(line => Line(title(line.Labels), line, point => At(point, index)))], index == PercentileNames.Length - 1 ? marks : [], Value));
        return [.. percentiles, new MetricPanel("Values per second", [.. answer.Lines.Select(line => Line(title(line.Labels), line, static point => point.PerSecond ?? double.NaN))], [], static value => MetricUnit.Write(value, "", isRate: true))];
    }

    private static string Titled(string title, string words) => words.Length > 0 ? $"{title} ({words})" : title;

    private static ChartLine Line(string title, MetricLine line, Func<MetricPoint, double> value) => new(title, [.. line.Points.Select(point => new ChartPoint(point.Time, value(point)))]);

    private static double At(MetricPoint point, int index) => index < point.Percentiles.Count ? point.Percentiles[index] : double.NaN;
}
