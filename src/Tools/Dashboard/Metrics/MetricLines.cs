using FlowPlatform.Dashboard.Storage;

namespace FlowPlatform.Dashboard.Metrics;

/// <summary>Makes one line of several series.</summary>
internal static class MetricLines
{
    public static IEnumerable<StepValue> Combine(Instrument instrument, MetricQuery query, IReadOnlyList<IReadOnlyList<StepValue>> series)
    {
        if (series.Count == 1)
        {
            return series[0];
        }

        return series.SelectMany(static values => values).GroupBy(static value => value.Step).OrderBy(static step => step.Key)
            .Select(step => instrument.Kind >= InstrumentKind.Histogram ? Distributions(step.Key, [.. step]) : Numbers(step.Key, [.. step.Select(static value => value.Value)], query.Aggregation));
    }

    public static MetricPoint ToPoint(StepValue value, MetricQuery query, long from, long step)
    {
        var time = UnixNanos.ToTime(from + ((value.Step + 1) * step));
        if (value.Distribution is not { } distribution)
        {
            return new MetricPoint(time, value.Value, null, []);
        }

        var count = distribution.Count;
        return new MetricPoint(
            time, count == 0 ? 0 : value.Value / count, value.Seconds > 0 ? count / value.Seconds : null, count == 0 ? [] : [.. query.Percentiles.Select(share => distribution.Percentile(Math.Clamp(share, 0, 1)))]);
    }

    private static StepValue Distributions(int step, List<StepValue> values) =>
        new(step, values.Sum(static value => value.Value), values.Max(static value => value.Seconds), values.Select(static value => value.Distribution).OfType<Distribution>().Aggregate(static (sum, next) => sum.Plus(next)));

    private static StepValue Numbers(int step, List<double> values, Aggregation aggregation) =>
        new(step, aggregation switch { Aggregation.Average => values.Average(), Aggregation.Max => values.Max(), Aggregation.Min => values.Min(), _ => values.Sum() }, 0, null);
}
