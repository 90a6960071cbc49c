using FlowPlatform.Chaos;
using FlowPlatform.Chaos.Plan;

namespace FlowPlatform.EndToEnd.Tests.Harness;

public sealed class ChaosCommandLineTests
{
    private const int Misuse = 2;

    [Fact]
    public async Task What_is_not_said_has_a_default()
    {
        var options = await ReadAsync("--dataset", typeof(ChaosCommandLineTests).Assembly.Location);
        options.Length.ShouldBe(TimeSpan.FromMinutes(5));
        options.Faults.ShouldBeGreaterThanOrEqualTo(60);
        (options.Stores, options.BrokerNodes, options.PlanOnly, options.Keep).ShouldBe(("sqlite", 1, false, false));
        options.Processes.ShouldBe(["orders", "inventory", "payments", "shipping", "insights", "simulator"]);
        options.Kinds.ShouldBe(Enum.GetValues<FaultKind>());
    }

    [Fact]
    public async Task What_is_said_is_done()
    {
        var options = await ReadAsync("--minutes", "0.5", "--seed", "7", "--faults", "3", "--stores", "postgres", "--broker-nodes", "3", "--replicas", "insights=2", "--kinds", "kill-node", "cut-links", "--plan", "--keep");
        options.Length.ShouldBe(TimeSpan.FromSeconds(30));
        (options.Seed, options.Faults, options.Stores, options.BrokerNodes, options.PlanOnly, options.Keep).ShouldBe((7, 3, "postgres", 3, true, true));
        options.Processes.ShouldBe(["orders", "inventory", "payments", "shipping", "insights-1", "insights-2", "simulator"]);
        options.Kinds.ShouldBe([FaultKind.KillNode, FaultKind.CutLinks]);
    }

    [Theory]
    [InlineData("--minutes is '0'; it must be above 0", "--minutes", "0")]
    [InlineData("--minutes is 'x'; it must be above 0", "--minutes", "x")]
    [InlineData("--faults is '-1'; it must be a whole number", "--faults", "-1")]
    [InlineData("--broker-nodes is '2'; it must be 1 or 3", "--broker-nodes", "2")]
    [InlineData("--replicas needs --stores postgres", "--replicas", "orders=2")]
    [InlineData("--replicas is 'simulator=2'; it must be one of orders,", "--replicas", "simulator=2", "--stores", "postgres")]
    [InlineData("--dataset is '/nowhere.csv'; there is no such file", "--dataset", "/nowhere.csv")]
    [InlineData("'kill-everybody' not recognized", "--kinds", "kill-everybody")]
    [InlineData("'--unknown'", "--unknown")]
    public async Task What_is_wrong_is_named_and_nothing_is_run(string message, params string[] arguments)
    {
        var output = new StringWriter();
        (await CommandLine.RunAsync(arguments, output, _ => throw new InvalidOperationException("It ran."))).ShouldBe(Misuse);
        output.ToString().ShouldContain(message);
    }

    [Fact]
    public async Task Help_names_every_kind_of_fault()
    {
        var output = new StringWriter();
        (await CommandLine.RunAsync(["--help"], output, _ => throw new InvalidOperationException("It ran."))).ShouldBe(0);
        Enum.GetValues<FaultKind>().Select(Kinds.NameOf).Where(name => !output.ToString().Contains(name, StringComparison.Ordinal)).ShouldBeEmpty();
    }

    private static async Task<ChaosOptions> ReadAsync(params string[] arguments)
    {
        ChaosOptions? read = null;
        var output = new StringWriter();
        var code = await CommandLine.RunAsync(arguments, output, options =>
        {
            read = options;
            return Task.FromResult(0);
        });
        code.ShouldBe(0, output.ToString());
        return read.ShouldNotBeNull();
    }
}
