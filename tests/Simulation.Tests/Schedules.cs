namespace FlowPlatform.Simulation;

/// <summary>Runs many schedules, one per core at a time; each is on one thread from its beginning to its end.</summary>
internal static class Schedules
{
    public static Summary Run(ulong from, int count, Mutation mutation, bool stopAtFirst)
    {
        var summary = new Summary();
        var gate = new Lock();
        Parallel.For(0, count, new ParallelOptions { MaxDegreeOfParallelism = Environment.ProcessorCount }, (index, loop) =>
        {
            var outcome = Simulation.Run(from + (ulong)index, mutation);
            lock (gate)
            {
                summary.Add(outcome);
            }

            if (stopAtFirst && !outcome.Passed)
            {
                loop.Stop();
            }
        });
        return summary;
    }
}

/// <summary>What came of many schedules.</summary>
internal sealed class Summary
{
    public int Runs { get; private set; }

    public long Steps { get; private set; }

    public List<Outcome> Failures { get; } = [];

    public Dictionary<string, int> Done { get; } = new(StringComparer.Ordinal);

    public void Add(Outcome outcome)
    {
        Runs++;
        Steps += outcome.Steps;
        if (!outcome.Passed)
        {
            Failures.Add(outcome);
        }

        foreach (var (what, times) in outcome.Done)
        {
            Done[what] = Done.GetValueOrDefault(what) + times;
        }
    }
}
