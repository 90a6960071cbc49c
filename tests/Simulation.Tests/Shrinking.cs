namespace FlowPlatform.Simulation;

/// <summary>Finds a shorter schedule with the same failure: leaves deeds out, many at first, then fewer.</summary>
internal static class Shrinking
{
    private const int Tries = 300;

    public static Outcome Shrink(Outcome failed, Mutation mutation)
    {
        var (best, tries) = (failed, 0);
        for (var size = best.Plan.Deeds.Count / 2; size > 0; size /= 2)
        {
            for (var start = 0; start < best.Plan.Deeds.Count && tries < Tries; tries++)
            {
                var fewer = best.Plan with { Deeds = [.. best.Plan.Deeds.Take(start), .. best.Plan.Deeds.Skip(start + size)] };
                var outcome = Simulation.Run(fewer, mutation);
                if (!outcome.Passed && Kind(outcome) == Kind(failed))
                {
                    best = outcome;
                }
                else
                {
                    start += size;
                }
            }
        }

        return best;
    }

    /// <summary>What failed, how to see it again, and the shortest schedule that was found to fail so.</summary>
    public static string Describe(Outcome failed, Mutation mutation)
    {
        var small = Shrink(failed, mutation);
        var named = mutation.GetType() == typeof(Mutation) ? "" : $" --mutation {mutation.GetType().Name}";
        return $"""
            seed {failed.Plan.Seed}: {failed.Found[0]}
            Replay: dotnet run --project tests/Simulation.Tests -- --seed {failed.Plan.Seed}{named}
            Of its {failed.Plan.Deeds.Count} deeds these {small.Plan.Deeds.Count} are enough: {string.Join(", ", small.Plan.Deeds.Select(deed => $"{deed.Kind}@{deed.Step}"))}
            """;
    }

    /// <summary>The same failure is one that begins the same, but for numbers and names.</summary>
    private static string Kind(Outcome outcome) => string.Concat(outcome.Found[0].TakeWhile(letter => letter is not '\n' and not ':').Where(letter => !char.IsDigit(letter)));
}
