using Simulator.Checks;
using Simulator.Gateway;
using Simulator.Replay;
using Simulator.Storage;

namespace Services.Tests.Simulator;

/// <summary>The check of a running system.</summary>
public sealed class RunningCheckTests
{
    private static readonly TimeSpan Long = TimeSpan.FromMinutes(2);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_closed_gate_holds_back_what_has_not_left_until_everybody_has_opened_it()
    {
        var gate = new InputGate();
        await gate.LeaveAsync(Cancel);
        gate.OnTheWay.ShouldBe(1);
        var (one, other) = (gate.Close(), gate.Close());
        var held = gate.LeaveAsync(Cancel).AsTask();
        gate.Arrive();
        (gate.OnTheWay, gate.Arrived).ShouldBe((0, 1));
        one.Dispose();
        one.Dispose();
        held.IsCompleted.ShouldBeFalse();
        other.Dispose();
        await held.WaitAsync(Long, TimeProvider.System, Cancel);
        gate.OnTheWay.ShouldBe(1);
    }

    [Fact]
    public async Task What_waits_at_a_closed_gate_can_be_cancelled()
    {
        var gate = new InputGate();
        using var closed = gate.Close();
        using var stop = new CancellationTokenSource();
        var held = gate.LeaveAsync(stop.Token).AsTask();
        await stop.CancelAsync();
        await Should.ThrowAsync<OperationCanceledException>(held);
        gate.OnTheWay.ShouldBe(0);
    }

    [Fact]
    public async Task Services_that_agree_pass_and_one_that_does_not_is_named()
    {
        await using var world = await FakeWorld.StartAsync();
        using var directory = new TemporaryDirectory();
        await using var parts = new Parts(world, directory.Path);
        var good = await parts.Check.RunAsync(Long, Cancel);
        good.Obstacles.ShouldBeEmpty();
        (good.Quiet, good.Ok).ShouldBe((true, true));

        world.Books = ledger => ledger with { Adjustments = 1m };
        var bad = await parts.Check.RunAsync(Long, Cancel);
        (bad.Quiet, bad.Ok).ShouldBe((true, false));
        bad.Invariants.Where(invariant => !invariant.Ok).ShouldHaveSingleItem().Name.ShouldBe("revenue and ledger agree");
    }

    [Fact]
    public async Task Without_quiet_in_time_it_says_what_is_in_the_way_and_lets_customers_go_on()
    {
        await using var world = await FakeWorld.StartAsync();
        using var directory = new TemporaryDirectory();
        await using var parts = new Parts(world, directory.Path);
        await parts.Gate.LeaveAsync(Cancel);
        var answer = await parts.Check.RunAsync(TimeSpan.FromMilliseconds(50), Cancel);
        (answer.Quiet, answer.Ok).ShouldBe((false, false));
        answer.Obstacles.ShouldNotBeEmpty();
        answer.Invariants.ShouldBeEmpty();
        await parts.Gate.LeaveAsync(Cancel);
    }

    /// <summary>The check with a store of its own.</summary>
    private sealed class Parts : IAsyncDisposable
    {
        private readonly SimulatorStore store;

        public Parts(FakeWorld world, string directory)
        {
            store = SimulatorStore.Open(directory);
            var calls = new ServiceCalls(world, TimeProvider.System);
            Check = new RunningCheck(Gate, calls, new Book(store, new Outages(1, declines: false)), TimeProvider.System);
        }

        public InputGate Gate { get; } = new();

        public RunningCheck Check { get; }

        public async ValueTask DisposeAsync()
        {
            Check.Dispose();
            await store.DisposeAsync();
        }
    }
}
