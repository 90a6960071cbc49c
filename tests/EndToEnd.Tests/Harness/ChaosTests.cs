using FlowPlatform.Orchestration.Processes;
using FlowPlatform.Orchestration.Supervision;

namespace FlowPlatform.EndToEnd.Tests.Harness;

/// <summary>tests/Chaos as a process of its own.</summary>
public sealed class ChaosTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(8);

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
