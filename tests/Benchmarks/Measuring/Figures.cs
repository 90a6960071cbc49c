namespace FlowPlatform.Benchmarks.Measuring;

/// <summary>What one round of one variant measured.</summary>
/// <param name="Name">What was measured, e.g. <c>publish</c>.</param>
/// <param name="Unit">Its unit, e.g. <c>events/s</c>.</param>
/// <param name="Value">The value.</param>
internal readonly record struct Sample(string Name, string Unit, double Value);

/// <summary>Values of several rounds: the middle one, and the extremes.</summary>
internal sealed record Spread(double Min, double Median, double Max)
{
    public static Spread Of(IEnumerable<double> values)
    {
        double[] sorted = [.. values.Order()];
        var middle = sorted.Length / 2;
        return new(sorted[0], sorted.Length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2, sorted[^1]);
    }
}

/// <summary>One figure of one variant.</summary>
/// <param name="Name">What was measured.</param>
/// <param name="Unit">Its unit.</param>
/// <param name="Rounds">A value for each round, in their order.</param>
internal sealed record Figure(string Name, string Unit, IReadOnlyList<double> Rounds)
{
    public Spread Spread => Spread.Of(Rounds);

    /// <summary>This over another of the same rounds, round by round: what the machine did meanwhile falls on both. Null if the other is zero somewhere.</summary>
    public Spread? Over(Figure reference) =>
        reference.Rounds.Count != Rounds.Count || reference.Rounds.Contains(0) ? null : Spread.Of(Rounds.Zip(reference.Rounds, static (own, other) => own / other));
}

/// <summary>One of the things that a scenario compares.</summary>
internal sealed record Row(string Variant, IReadOnlyList<Figure> Figures);

/// <summary>What a scenario found.</summary>
/// <param name="Name">Name of the scenario.</param>
/// <param name="Summary">What it compares.</param>
/// <param name="Rows">A row per variant. The first is the reference: the others' ratios are over it.</param>
internal sealed record Result(string Name, string Summary, IReadOnlyList<Row> Rows);
