using System.Diagnostics;
using System.Globalization;

namespace FlowPlatform.Simulation;

/// <summary>
/// The platform as it is, under thousands of schedules. FLOW_SIMULATION_SEED is the first seed (default 1), FLOW_SIMULATION_SCHEDULES how many follow (default 10,000: 80 s on two cores).
/// </summary>
public sealed class ScheduleTests
{
    /// <summary>What a schedule can do, and how often it happens at least in 10,000 of them.</summary>
    private static readonly (string What, int Least)[] Everything =
    [
        ("order", 100_000), ("fill", 20_000), ("crash", 5_000), ("restart", 1_500), ("pause", 3_000), ("woke inside a transaction", 50), ("woke outside a transaction", 500), ("hand-over", 200), ("stranded", 400),
        ("cut", 4_000), ("away", 1_500), ("ended transactions", 400), ("unknown outcome", 400), ("lost tail", 2_000), ("forgotten publisher", 1_500), ("redrive", 400), ("discard", 100),
        ("deleted store", 50), ("deleted generation", 100), ("restored store", 100), ("recreated stream", 50), ("repartitioned", 50), ("adopted", 100), ("announced gap", 50),
    ];

    [Fact]
    public void Whatever_happens_nothing_is_lost_nothing_comes_twice_and_nothing_stops()
    {
        var from = ulong.Parse(Environment.GetEnvironmentVariable("FLOW_SIMULATION_SEED") ?? "1", CultureInfo.InvariantCulture);
        var count = int.Parse(Environment.GetEnvironmentVariable("FLOW_SIMULATION_SCHEDULES") ?? "10000", CultureInfo.InvariantCulture);
        var summary = Schedules.Run(from, count, new Mutation(), stopAtFirst: true);
        TestContext.Current.TestOutputHelper?.WriteLine(summary.ToString());
        if (summary.First is { } failed)
        {
            Assert.Fail(Shrinking.Describe(failed, new Mutation()));
        }

        summary.Runs.ShouldBe(count);
        foreach (var (what, least) in Everything)
        {
            summary.Done.GetValueOrDefault(what).ShouldBeGreaterThanOrEqualTo((int)((long)least * count / 10_000), $"'{what}' hardly ever happens: such schedules show nothing about it");
        }
    }

    [Fact]
    public void A_seed_replays_step_by_step()
    {
        for (var seed = 1UL; seed <= 100; seed++)
        {
            var first = Simulation.Run(seed);
            var second = Simulation.Run(seed);
            (second.Fingerprint, second.Steps).ShouldBe((first.Fingerprint, first.Steps), $"seed {seed}");
        }
    }

    [Fact]
    public async Task A_seed_replays_step_by_step_in_another_process()
    {
        var mine = Schedules.Run(1, 100, new Mutation(), stopAtFirst: false);
        var start = new ProcessStartInfo("dotnet") { RedirectStandardOutput = true, UseShellExecute = false };
        new[] { typeof(ScheduleTests).Assembly.Location, "--schedules", "100" }.ToList().ForEach(start.ArgumentList.Add);
        using var process = System.Diagnostics.Process.Start(start)!;
        var said = await process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        said.ShouldContain($"{mine.Steps} steps");
        said.ShouldContain($"fingerprint {mine.Fingerprint:x16}");
    }

    [Fact]
    public void Nothing_of_a_schedule_leaves_its_thread()
    {
        var thread = Environment.CurrentManagedThreadId;
        var strangers = 0;
        for (var seed = 1UL; seed <= 40; seed++)
        {
            Simulation.Run(seed, new Mutation(), _ => strangers += Environment.CurrentManagedThreadId == thread ? 0 : 1).Passed.ShouldBeTrue($"seed {seed}");
        }

        strangers.ShouldBe(0);
    }
}
