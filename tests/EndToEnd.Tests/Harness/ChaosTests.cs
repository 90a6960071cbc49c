using FlowPlatform.Orchestration.Processes;
using FlowPlatform.Orchestration.Supervision;

namespace FlowPlatform.EndToEnd.Tests.Harness;

/// <summary>A short run of tests/Chaos, which runs as long as one likes from the command line.</summary>
public sealed class ChaosTests
{
    /// <summary>The small disk is Inventory's, whose read model is compared.</summary>
    private const int Seed = 20_101_201;
    private const int Faults = 9;
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(8);

    [Fact]
    public async Task Nine_faults_within_half_a_minute_lose_nothing_and_do_nothing_twice()
    {
        using var folder = new TemporaryDirectory();
        var output = new OutputBuffer(1_000);
        await using var chaos = await ChildProcess.StartAsync(new ChildProcessStart(
            DotnetHost.Path, [new Projects.Chaos().TargetPath, "--minutes", "0.5", "--faults", $"{Faults}", "--seed", $"{Seed}"])
        {
            WorkingDirectory = folder.Path,
            Environment = new Dictionary<string, string?> { ["FLOW_DATASET"] = null, ["TMPDIR"] = folder.Path },
            OnLine = output.Add,
        });
        var code = await chaos.Exited.WaitAsync(Limit, TimeProvider.System, TestContext.Current.CancellationToken);

        var text = output.Tail(int.MaxValue);
        TestContext.Current.TestOutputHelper?.WriteLine(text);
        code.ShouldBe(0, text);
        text.ShouldContain($"seed {Seed}: {Faults} faults made");
        text.ShouldContain("outcome: nothing lost, nothing twice");
        SystemProcesses.All(folder.Path).ShouldBeEmpty();
        Directory.GetDirectories(folder.Path, "flow-chaos-*").ShouldBeEmpty();
    }

    [Fact]
    public async Task Interrupted_it_ends_all_that_it_started_and_leaves_nothing()
    {
        using var folder = new TemporaryDirectory();
        var output = new OutputBuffer(1_000);
        await using var chaos = await ChildProcess.StartAsync(new ChildProcessStart(DotnetHost.Path, [new Projects.Chaos().TargetPath, "--minutes", "5", "--faults", "0", "--seed", "1"])
        {
            WorkingDirectory = folder.Path,
            Environment = new Dictionary<string, string?> { ["FLOW_DATASET"] = null, ["TMPDIR"] = folder.Path },
            OnLine = output.Add,
        });
        await Eventually.ThatAsync(
            "the broker runs", () => chaos.Exited.IsCompleted || Directory.GetDirectories(folder.Path, "flow-chaos-*").Any(state => SystemProcesses.Broker(Path.Combine(state, "data")) is not null), Limit);
        Signals.Interrupt(chaos.ProcessId);

        var code = await chaos.Exited.WaitAsync(TimeSpan.FromMinutes(1), TimeProvider.System, TestContext.Current.CancellationToken);
        code.ShouldBe(130, output.Tail(int.MaxValue));
        SystemProcesses.All(folder.Path).ShouldBeEmpty();
        Directory.GetDirectories(folder.Path, "flow-chaos-*").ShouldBeEmpty();
    }
}
