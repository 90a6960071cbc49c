namespace FlowPlatform.Dashboard.Metrics;

/// <summary>What one series, or several together, did in one step.</summary>
/// <param name="Step">Number of the step.</param>
/// <param name="Value">Value of a gauge; increase per second of a monotonic sum; sum of a distribution's values.</param>
/// <param name="Seconds">What a rate is relative to.</param>
/// <param name="Distribution">The values of the step; null for other kinds.</param>
internal sealed record StepValue(int Step, double Value, double Seconds, Distribution? Distribution);

/// <summary>Makes steps of the points of one series.</summary>
/// <param name="instrument">Whose points they are.</param>
/// <param name="from">Start of the first step, Unix nanoseconds.</param>
/// <param name="step">Length of a step, nanoseconds.</param>
internal sealed class SeriesSteps(Instrument instrument, long from, long step)
{
    private readonly List<StepValue> values = [];
    private SeriesPoint? last;
    private double level;

    public IReadOnlyList<StepValue> Values => values;

    /// <summary>Whether values count from the start, so that only what is between two points is new.</summary>
    private bool IsCumulative => instrument.Temporality == Temporality.Cumulative && (instrument.IsMonotonic || instrument.Kind is InstrumentKind.Histogram or InstrumentKind.ExponentialHistogram);

    /// <summary>Takes the points in order of time; those before the first step only say what is not new.</summary>
    public void Add(SeriesPoint point)
    {
        var index = point.Time <= from ? -1 : (int)((point.Time - from - 1) / step);
        var value = IsCumulative ? Increase(point, index) : AsIs(point, index);
        if (value is not null && index >= 0)
        {
            Append(value);
        }

        last = point;
    }

    private StepValue? AsIs(SeriesPoint point, int index)
    {
        if (instrument is { Kind: InstrumentKind.Sum, Temporality: Temporality.Delta, IsMonotonic: false })
        {
            // How high it was before is not known; what is shown is how it moved.
            return new StepValue(index, level += point.Value, 0, null);
        }

        var delta = instrument.Temporality == Temporality.Delta;
        var seconds = delta ? Seconds(point.Start > 0 && point.Start < point.Time ? point.Start : last?.Time ?? point.Time - step, point.Time) : 0;
        return instrument is { Kind: InstrumentKind.Sum, IsMonotonic: true } && delta
            ? new StepValue(index, point.Value / seconds, seconds, null)
            : new StepValue(index, point.Value, seconds, point.Distribution);
    }

    private StepValue? Increase(SeriesPoint point, int index)
    {
        var restarted = last is null || point.Start > last.Start || point.Value < last.Value;
        // A series that begins within the time counts from its start; of an older one the first point says nothing.
        if (last is null && point.Start < from)
        {
            return null;
        }

        var since = restarted ? Math.Min(point.Time, Math.Max(point.Start, last?.Time ?? from)) : last!.Time;
        var seconds = Seconds(since, point.Time);
        if (point.Distribution is null)
        {
            return new StepValue(index, (restarted ? point.Value : point.Value - last!.Value) / seconds, seconds, null);
        }

        return restarted || last!.Distribution is null
            ? new StepValue(index, point.Value, seconds, point.Distribution)
            : new StepValue(index, point.Value - last.Value, seconds, point.Distribution.Since(last.Distribution));
    }

    /// <summary>Several points in one step are one.</summary>
    private void Append(StepValue value)
    {
        if (values.Count == 0 || values[^1].Step != value.Step)
        {
            values.Add(value);
            return;
        }

        var before = values[^1];
        var seconds = before.Seconds + value.Seconds;
        values[^1] = (before.Distribution, value.Distribution, value.Seconds) switch
        {
            ({ } left, { } right, > 0) => new StepValue(value.Step, before.Value + value.Value, seconds, left.Plus(right)),
            (null, null, > 0) => new StepValue(value.Step, ((before.Value * before.Seconds) + (value.Value * value.Seconds)) / seconds, seconds, null),
            _ => value,
        };
    }

    private static double Seconds(long from, long to) => Math.Max(to - from, 1_000_000) / 1e9;
}

/// <summary>A point of one series as the database has it.</summary>
internal sealed record SeriesPoint(long Time, long Start, double Value, Distribution? Distribution);
