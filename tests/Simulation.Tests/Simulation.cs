namespace FlowPlatform.Simulation;

/// <summary>Runs one schedule from its beginning to quiet, and says what was wrong.</summary>
internal static class Simulation
{
    /// <summary>Nothing that is healthy takes as many.</summary>
    private const long MostSteps = 120_000;
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(10);

    public static Outcome Run(ulong seed, Mutation? mutation = null, Action<string>? trace = null) => Run(Plan.Of(seed), mutation, trace);

    public static Outcome Run(Plan plan, Mutation? mutation = null, Action<string>? trace = null)
    {
        var world = new World(plan, mutation ?? new Mutation(), new Trace(trace));
        var deeds = new Deeds(world);
        var machine = world.Machine;
        var begun = machine.Steps;
        foreach (var deed in plan.Deeds)
        {
            while (machine.Steps - begun < deed.Step && world.Violations.Count == 0 && machine.Step())
            {
            }

            if (deed.Kind != DeedKind.Idle)
            {
                deeds.Do(deed);
            }
            else
            {
                var before = machine.Steps;
                deeds.Do(deed);
                begun += machine.Steps - before;
            }
        }

        deeds.Calm();
        var checker = new Checker(world);
        var (steps, until) = (machine.Steps + MostSteps, machine.Clock.GetUtcNow() + Patience);
        while (world.Violations.Count == 0 && (machine.Steps % 32 != 0 || !checker.IsQuiet()) && machine.Steps < steps && machine.Clock.GetUtcNow() < until && machine.Step())
        {
        }

        List<string> found = machine.Strayed is { } strayed ? [$"left the machine's thread: {strayed}"] : [.. world.Violations];
        if (found.Count == 0)
        {
            found.AddRange(checker.IsQuiet() ? checker.Check() : checker.Unfinished().Select(what => $"not at rest: {what}"));
        }

        world.Faults.Done["announced gap"] = world.Broker.Gaps;
        return new Outcome(plan, found, machine.Steps, machine.Fingerprint, world.Faults.Done);
    }
}

/// <summary>What came of a schedule.</summary>
/// <param name="Plan">The schedule.</param>
/// <param name="Found">What was wrong; nothing if it passed.</param>
/// <param name="Steps">Pieces of work that ran.</param>
/// <param name="Fingerprint">Of the order in which they ran.</param>
/// <param name="Done">How often each kind of fault was really made.</param>
internal sealed record Outcome(Plan Plan, IReadOnlyList<string> Found, long Steps, ulong Fingerprint, IReadOnlyDictionary<string, int> Done)
{
    public bool Passed => Found.Count == 0;
}
