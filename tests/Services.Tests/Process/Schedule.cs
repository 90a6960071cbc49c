namespace Services.Tests.Process;

/// <summary>Something that can happen next.</summary>
/// <param name="Name">Tells it from everything else of the run.</param>
/// <param name="Service">Where it happens: only steps of one service can see in which order they came.</param>
internal sealed record Step(string Name, string Service);

/// <summary>
/// Goes through every sequence of steps that a run can take, each in a run of its own, depth first. Sequences that differ only in the order of steps in different services are the same
/// to every service, so one of them stands for all: a step that was explored sleeps in its siblings' branches until something happens in its own service (sleep sets).
/// </summary>
internal sealed class Schedule
{
    private readonly List<Decision> decisions = [];
    private int depth;
    private bool seen;

    /// <summary>Runs it in every way that makes a difference.</summary>
    /// <returns>The number of runs.</returns>
    public static async Task<int> ExploreAsync(int limit, Func<Schedule, int, Task> run)
    {
        var schedule = new Schedule();
        for (var number = 1; ; number++)
        {
            number.ShouldBeLessThanOrEqualTo(limit, "The process has more schedules than the test has time for.");
            schedule.depth = 0;
            schedule.seen = false;
            try
            {
                await run(schedule, number);
            }
            catch (Exception failed)
            {
                throw new InvalidOperationException($"Schedule '{schedule}' failed: {failed.Message}", failed);
            }

            if (!schedule.Advance())
            {
                return number;
            }
        }
    }

    /// <summary>Which of the steps is next.</summary>
    public int Choose(IReadOnlyList<Step> steps)
    {
        if (!seen && depth == decisions.Count)
        {
            var asleep = depth == 0 ? [] : decisions[depth - 1].AsleepAfter();
            var awake = steps.Except(asleep).ToList();
            if (awake.Count > 0)
            {
                decisions.Add(new Decision(steps, awake, asleep));
            }

            // All that can follow was seen in another run; this one only ends.
            seen = awake.Count == 0;
        }

        if (seen)
        {
            return 0;
        }

        var decision = decisions[depth++];
        decision.Steps.ShouldBe(steps, "The run is not deterministic.");
        return decision.Steps.ToList().IndexOf(decision.Taken);
    }

    public override string ToString() => string.Join(", ", decisions.Select(decision => decision.Taken.Name));

    private bool Advance()
    {
        while (decisions.Count > 0)
        {
            if (++decisions[^1].Index < decisions[^1].Awake.Count)
            {
                return true;
            }

            decisions.RemoveAt(decisions.Count - 1);
        }

        return false;
    }

    private sealed record Decision(IReadOnlyList<Step> Steps, IReadOnlyList<Step> Awake, IReadOnlyList<Step> Asleep)
    {
        public int Index { get; set; }

        public Step Taken => Awake[Index];

        public List<Step> AsleepAfter() => [.. Asleep.Concat(Awake.Take(Index)).Where(step => step.Service != Taken.Service)];
    }
}
