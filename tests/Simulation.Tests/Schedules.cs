namespace FlowPlatform.Simulation;

/// <summary>Runs many schedules, one per core at a time, in the order of their seeds; each is on one thread from its beginning to its end.</summary>
internal static class Schedules
{
    /// <param name="from">The first seed.</param>
    /// <param name="count">How many follow.</param>
    /// <param name="mutation">What is broken.</param>
    /// <param name="stopAtFirst">Ends with the lowest seed that fails.</param>
    public static Summary Run(ulong from, int count, Mutation mutation, bool stopAtFirst)
    {
        var summary = new Summary();
        var (gate, next, last) = (new Lock(), -1, count);
        var workers = Enumerable.Range(0, Environment.ProcessorCount).Select(number => new Thread(Work) { Name = $"schedules {number}" }).ToList();
        workers.ForEach(worker => worker.Start());
        workers.ForEach(worker => worker.Join());
        return summary;

        void Work()
        {
            for (var index = Interlocked.Increment(ref next); index < Volatile.Read(ref last); index = Interlocked.Increment(ref next))
            {
                var outcome = Simulation.Run(from + (ulong)index, mutation);
                lock (gate)
                {
                    summary.Add(outcome);
                    last = stopAtFirst && !outcome.Passed ? Math.Min(last, index) : last;
                }
            }
        }
    }
}

/// <summary>What came of many schedules.</summary>
internal sealed class Summary
{
    public int Runs { get; private set; }

    public long Steps { get; private set; }

    /// <summary>Of all schedules together.</summary>
    public ulong Fingerprint { get; private set; }

    public List<Outcome> Failures { get; } = [];

    /// <summary>The one with the lowest seed; null if none failed.</summary>
    public Outcome? First => Failures.MinBy(failure => failure.Plan.Seed);

    public Dictionary<string, int> Done { get; } = new(StringComparer.Ordinal);

    public void Add(Outcome outcome)
    {
        Runs++;
        Steps += outcome.Steps;
        Fingerprint += Dice.Mix(outcome.Plan.Seed ^ outcome.Fingerprint);
        if (!outcome.Passed)
        {
            Failures.Add(outcome);
        }

        foreach (var (what, times) in outcome.Done)
        {
            Done[what] = Done.GetValueOrDefault(what) + times;
        }
    }

    public override string ToString() =>
        $"{Runs} schedules, {Steps} steps, {Failures.Count} failed, fingerprint {Fingerprint:x16}; {string.Join(", ", Done.OrderBy(done => done.Key, StringComparer.Ordinal).Select(done => $"{done.Key} {done.Value}"))}";
}
