namespace FlowPlatform.Testing;

/// <summary>How thoroughly a projection is checked. Set it before the check starts; not safe for concurrent use.</summary>
public sealed class ConformanceOptions
{
    /// <summary>How much later the injected clock of the second fold is: another day, another hour, another minute.</summary>
    internal static readonly TimeSpan Later = TimeSpan.FromHours(31.7);

    /// <summary>Most events at which it crashes, and which are poison, each; default 40. Of a longer history the seed chooses so many, the first and the last among them.</summary>
    public int Positions { get; set; } = 40;

    /// <summary>Decides about orders, batches and positions; default 1. Failures name it.</summary>
    public int Seed { get; set; } = 1;

    /// <summary>How many interleavings of partitions, and of keys; default 12.</summary>
    public int Interleavings { get; set; } = 12;

    /// <summary>Longest real time of the whole check; default 60 s.</summary>
    public TimeSpan Limit { get; set; } = TimeSpan.FromSeconds(60);

    /// <summary>Sets options of the service, e.g. fakes for what lies outside; default: nothing.</summary>
    public Action<FlowTestOptions>? Service { get; set; }

    internal static ConformanceOptions Of(Action<ConformanceOptions>? configure)
    {
        var options = new ConformanceOptions();
        configure?.Invoke(options);
        ArgumentOutOfRangeException.ThrowIfLessThan(options.Positions, 2);
        ArgumentOutOfRangeException.ThrowIfLessThan(options.Interleavings, 1);
        return options;
    }
}

/// <summary>What was checked. Immutable.</summary>
/// <param name="Projection">Name of the projection.</param>
/// <param name="Events">Events of the history that it takes.</param>
/// <param name="Positions">At which of them it crashed and which were poison, from 1, in the order of arrival; all of them if the history is short.</param>
/// <param name="Seed">The seed.</param>
/// <param name="Checks">The checks that it passed, in words.</param>
public sealed record ConformanceReport(string Projection, int Events, IReadOnlyList<int> Positions, int Seed, IReadOnlyList<string> Checks)
{
    /// <summary>Everything in one sentence.</summary>
    public override string ToString() =>
        $"{Projection} conforms: {Events} events, crashes and poison at {(Positions.Count == Events ? "each" : $"{Positions.Count} of them ({string.Join(", ", Positions)})")}, seed {Seed}; {string.Join("; ", Checks)}.";
}
