namespace FlowPlatform.Simulation;

/// <summary>Runs one schedule from its beginning to rest, and says what was wrong.</summary>
internal static class Simulation
{
    /// <summary>Nothing that is healthy takes as many.</summary>
    private const long MostSteps = 200_000;
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(10);

    public static Outcome Run(ulong seed, Mutation? mutation = null, Action<string>? trace = null) => Run(Plan.Of(seed), mutation, trace);

    public static Outcome Run(Plan plan, Mutation? mutation = null, Action<string>? trace = null)
    {
        Chance.Repeat(new DiceRandom(new Dice(~plan.Seed)));
        try
        {
            var world = new World(plan, mutation ?? new Mutation(), new Trace(trace));
            Act(world);
            return new Outcome(plan, Judge(world), world.Machine.Steps, world.Machine.Fingerprint, world.Faults.Done);
        }
        finally
        {
            Chance.Repeat(null);
        }
    }

    private static void Act(World world)
    {
        var deeds = new Deeds(world);
        var machine = world.Machine;
        var begun = machine.Steps;
        foreach (var deed in world.Plan.Deeds)
        {
            while (machine.Steps - begun < deed.Step && !world.HasViolations && machine.Step())
            {
            }

            var before = machine.Steps;
            deeds.Do(deed);
            begun += machine.Steps - before;
        }

        deeds.Calm();
    }

    private static List<string> Judge(World world)
    {
        var machine = world.Machine;
        var rest = new Rest(world);
        var (steps, until) = (machine.Steps + MostSteps, machine.Clock.GetUtcNow() + Patience);
        while (!world.HasViolations && (machine.Steps % 32 != 0 || !rest.IsReached) && machine.Steps < steps && machine.Clock.GetUtcNow() < until && machine.Step())
        {
        }

        world.Faults.Done["announced gap"] = world.Broker.Gaps.Count;
        return machine.Strayed is { } strayed ? [$"left the machine's thread: {strayed}"]
            : world.HasViolations ? [.. world.AllViolations]
            : rest.IsReached ? Checker.Check(world)
            : [.. rest.Unfinished().Select(what => $"not at rest: {what}")];
    }
}

/// <summary>What came of a schedule.</summary>
/// <param name="Plan">The schedule.</param>
/// <param name="Found">What was wrong; nothing if it passed.</param>
/// <param name="Steps">Pieces of work that ran.</param>
/// <param name="Fingerprint">Of the order in which they ran, and of what they did to log and stores.</param>
/// <param name="Done">How often each kind of fault was really made.</param>
internal sealed record Outcome(Plan Plan, IReadOnlyList<string> Found, long Steps, ulong Fingerprint, IReadOnlyDictionary<string, int> Done)
{
    public bool Passed => Found.Count == 0;
}
