using System.Diagnostics;
using System.Globalization;
using FlowPlatform.Simulation;

if (args is ["--seed", var seed, ..])
{
    return Commands.Replay(ulong.Parse(seed, CultureInfo.InvariantCulture), Commands.Named(args, "--mutation"));
}

if (args is ["--schedules", var count, ..])
{
    return Commands.Search(int.Parse(count, CultureInfo.InvariantCulture), ulong.Parse(Commands.Value(args, "--from") ?? "1", CultureInfo.InvariantCulture), Commands.Named(args, "--mutation"));
}

if (args is ["--mutations"])
{
    return Commands.Bite();
}

return args.Any(argument => argument is "--server" or "--internal-msbuild-node")
    ? await Xunit.MicrosoftTestingPlatform.TestPlatformTestFramework.RunAsync(args, FlowPlatform.Simulation.SelfRegisteredExtensions.AddSelfRegisteredExtensions)
    : await Xunit.Runner.InProc.SystemConsole.ConsoleRunner.Run(args);

/// <summary>What the command line offers besides the tests.</summary>
internal static class Commands
{
    public static string? Value(string[] args, string name) => Array.IndexOf(args, name) is >= 0 and var index && index + 1 < args.Length ? args[index + 1] : null;

    public static Mutation Named(string[] args, string name)
    {
        var mutation = Value(args, name) is { } wanted ? AllMutations.Find(wanted) : new Mutation();
        mutation.WatchesOwners = !args.Contains("--effects-only");
        return mutation;
    }

    /// <summary>One schedule, with everything that happens in it.</summary>
    public static int Replay(ulong seed, Mutation mutation)
    {
        var outcome = Simulation.Run(seed, mutation, Console.WriteLine);
        Console.WriteLine($"seed {seed}: {outcome.Steps} steps, fingerprint {outcome.Fingerprint:x16}");
        foreach (var found in outcome.Found)
        {
            Console.WriteLine($"FAILED: {found}");
        }

        if (!outcome.Passed)
        {
            Console.WriteLine(Shrinking.Describe(outcome, mutation));
        }

        return outcome.Passed ? 0 : 1;
    }

    /// <summary>Many schedules; those that fail are named.</summary>
    public static int Search(int count, ulong from, Mutation mutation)
    {
        var started = Stopwatch.GetTimestamp();
        var result = Schedules.Run(from, count, mutation, stopAtFirst: false);
        var seconds = Stopwatch.GetElapsedTime(started).TotalSeconds;
        foreach (var failed in result.Failures.Take(20))
        {
            Console.WriteLine($"seed {failed.Plan.Seed} FAILED: {failed.Found[0]}");
        }

        Console.WriteLine($"{result}, {seconds:F1} s");
        return result.Failures.Count == 0 ? 0 : 1;
    }

    /// <summary>Which schedule finds which broken rule.</summary>
    public static int Bite()
    {
        var missed = 0;
        foreach (var mutation in AllMutations.List)
        {
            var summary = Schedules.Run(1, MutationTests.Most, mutation, stopAtFirst: true);
            missed += summary.First is null ? 1 : 0;
            Console.WriteLine($"{mutation.GetType().Name} ({mutation.Rule}): {(summary.First is { } found ? $"seed {found.Plan.Seed}, {found.Found[0].Split('\n')[0]}" : $"not found in {summary.Runs} schedules")}");
        }

        return missed;
    }
}
