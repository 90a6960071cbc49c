using FlowPlatform.Benchmarks.Running;

namespace FlowPlatform.Benchmarks.Measuring;

/// <summary>Something that is measured, in variants.</summary>
/// <param name="name">Its name on the command line.</param>
/// <param name="summary">What it compares, in a sentence.</param>
internal abstract class Scenario(string name, string summary)
{
    public string Name => name;

    public string Summary => summary;

    /// <summary>Prepares, calls <see cref="MeasureAsync"/> and cleans up.</summary>
    public abstract Task<Result> RunAsync(Bench bench);

    /// <summary>
    /// Runs the variants in turns: all of them once to warm up, which doesn't count, then a round of each, and again. So all see the same machine.
    /// </summary>
    /// <param name="bench">The run.</param>
    /// <param name="variants">The reference first.</param>
    protected async Task<Result> MeasureAsync(Bench bench, params IReadOnlyList<Variant> variants)
    {
        var samples = variants.ToDictionary(variant => variant.Name, _ => new List<IReadOnlyList<Sample>>());
        for (var round = 0; round <= bench.Rounds; round++)
        {
            foreach (var variant in variants)
            {
                GC.Collect();
                var found = await variant.RunAsync();
                if (round > 0)
                {
                    samples[variant.Name].Add(found);
                }
            }

            bench.Progress($"{name}: {(round == 0 ? "warm" : $"round {round} of {bench.Rounds}")}");
        }

        return new Result(name, summary, [.. variants.Select(variant => new Row(variant.Name, Collect(samples[variant.Name])))]);
    }

    private static List<Figure> Collect(List<IReadOnlyList<Sample>> rounds) =>
        [.. rounds[0].Select((sample, index) => new Figure(sample.Name, sample.Unit, [.. rounds.Select(round => round[index].Value)]))];
}

/// <summary>One way of doing it.</summary>
/// <param name="Name">In words.</param>
/// <param name="RunAsync">One round.</param>
internal sealed record Variant(string Name, Func<Task<IReadOnlyList<Sample>>> RunAsync);
