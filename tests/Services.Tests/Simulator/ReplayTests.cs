using Dapper;
using FlowPlatform.Events;
using FlowPlatform.Tests.Support;
using Simulator;
using Simulator.Dataset;
using Simulator.Replay;
using Simulator.Shop;
using Simulator.Storage;

namespace Services.Tests.Simulator;

public sealed class ReplayTests : IAsyncLifetime
{
    private readonly TemporaryDirectory directory = new();
    private FakeWorld? started;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private FakeWorld World => started!;

    public async ValueTask InitializeAsync() => started = await FakeWorld.StartAsync();

    public async ValueTask DisposeAsync()
    {
        await World.DisposeAsync();
        directory.Dispose();
    }

    [Fact]
    public async Task Everything_arrives_once_though_services_fail_and_answers_are_lost()
    {
        var turn = 0;
        World.Mood = _ => (Interlocked.Increment(ref turn) % 7) switch { 0 => 503, 2 => 429, 4 => 0, 6 => 500, _ => null };
        var input = await FileAsync(orders: 700);
        await using var store = SimulatorStore.Open(directory.Path);
        var replayer = await StartAsync(input, store);
        await replayer.RunAsync(Cancel);
        await ShouldHaveArrivedAsync(input);
        World.Duplicates.ShouldBeGreaterThan(0, "a lost answer is asked for again");
        replayer.OrdersArrived.ShouldBe(700);
        replayer.Totals.Orders.ShouldBe(700);
    }

    [Fact]
    public async Task A_replay_that_dies_midway_goes_on_after_a_restart_and_nothing_is_lost_or_different()
    {
        var input = await FileAsync(orders: 1_500);
        using var crash = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        DateTimeOffset startedAt;
        await using (var store = SimulatorStore.Open(directory.Path))
        {
            // From some point on orders are taken and the answers lost; then, with a position on disk, the process dies.
            World.AfterOrders = () => World.Orders.Count > 500 ? new TaskCompletionSource().Task.WaitAsync(crash.Token) : Task.CompletedTask;
            var first = await StartAsync(input, store);
            startedAt = (await Log(input, store).StartAsync(Cancel)).StartedAt;
            var dying = first.RunAsync(crash.Token);
            await Eventually.ThatAsync("a position is on disk", async () => await PositionAsync(store) > 100);
            await crash.CancelAsync();
            await Should.ThrowAsync<OperationCanceledException>(() => dying);
            World.Orders.Count.ShouldBeLessThan(1_500);
        }

        World.AfterOrders = () => Task.CompletedTask;
        await using var again = SimulatorStore.Open(directory.Path);
        var state = await Log(input, again).StartAsync(Cancel);
        state.Position.ShouldBeGreaterThan(100);
        state.StartedAt.ShouldBe(startedAt);
        var second = new Replayer(input, Pace.Max, Log(input, again), state, new ActionSender(new ServiceCalls(World, TimeProvider.System)), TimeProvider.System);
        await second.RunAsync(Cancel);
        await ShouldHaveArrivedAsync(input);
        World.Duplicates.ShouldBeGreaterThan(0, "what was on its way is sent again");
        second.OrdersArrived.ShouldBe(1_500);
        second.Totals.Orders.ShouldBe(1_500, "the totals are of the whole input");
        (await PositionAsync(again)).ShouldBe(await input.ReadAsync(0, Cancel).CountAsync(Cancel));
    }

    [Fact]
    public async Task A_finished_replay_sends_nothing_when_started_again()
    {
        var input = await FileAsync(orders: 60);
        await using var store = SimulatorStore.Open(directory.Path);
        await (await StartAsync(input, store)).RunAsync(Cancel);
        var replayer = await StartAsync(input, store);
        await replayer.RunAsync(Cancel);
        replayer.ActionsArrived.ShouldBe(0);
        replayer.Totals.Orders.ShouldBe(60);
        World.Duplicates.ShouldBe(0);
    }

    [Fact]
    public async Task No_order_is_cancelled_before_it_is_placed()
    {
        var input = new ShopInput(4, 600);
        await using var store = SimulatorStore.Open(directory.Path);
        await (await StartAsync(input, store)).RunAsync(Cancel);
        World.Cancels.Count.ShouldBeGreaterThan(5);
        World.Strays.ShouldBe(0);
        await ShouldHaveArrivedAsync(input);
    }

    [Fact]
    public async Task A_refusal_for_good_ends_the_replay_and_is_named()
    {
        World.Mood = request => request > 3 ? 409 : null;
        await using var store = SimulatorStore.Open(directory.Path);
        var replayer = await StartAsync(new ShopInput(4, 600), store);
        (await Should.ThrowAsync<SimulatorException>(() => replayer.RunAsync(Cancel))).Message.ShouldContain("409");
    }

    [Fact]
    public async Task A_fault_of_the_file_ends_the_replay_and_is_named()
    {
        var input = await FileAsync(orders: 60);
        await File.AppendAllTextAsync(Path.Combine(directory.Path, "input.csv"), "X,1,2\n", Cancel);
        await using var store = SimulatorStore.Open(directory.Path);
        var replayer = await StartAsync(input, store);
        await Should.ThrowAsync<DatasetException>(() => replayer.RunAsync(Cancel));
    }

    [Fact]
    public void Steps_are_due_by_event_time_or_by_rate()
    {
        var start = new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
        var anchor = new PaceAnchor(start, 10, new DateTimeOffset(2010, 12, 1, 8, 0, 0, TimeSpan.Zero));
        var step = new Step(30, new CancelAction("1", anchor.Event.AddHours(2)));
        Pace.Speed(3600).DueAt(step, anchor).ShouldBe(start.AddSeconds(2));
        Pace.Rate(20).DueAt(step, anchor).ShouldBe(start.AddSeconds(1));
        Pace.Max.IsMax.ShouldBeTrue();
    }

    [Fact]
    public async Task A_pace_goes_on_after_a_short_break_and_starts_anew_after_a_long_one_or_at_another_pace()
    {
        var clock = new ManualClock();
        await using var store = SimulatorStore.Open(directory.Path);
        var log = new RunLog(store, clock, "input", "20/s");
        (await log.StartAsync(Cancel)).Anchor.ShouldBeNull();
        var anchor = new PaceAnchor(clock.GetUtcNow(), 5, clock.GetUtcNow());
        await log.AnchorAsync(anchor, Cancel);
        await log.SaveAsync(7, Cancel);
        clock.Advance(TimeSpan.FromSeconds(30));
        var state = await log.StartAsync(Cancel);
        (state.Anchor, state.Position, state.OtherInputs).ShouldBe((anchor, 7L, false));
        (await new RunLog(store, clock, "input", "max").StartAsync(Cancel)).Anchor.ShouldBeNull();
        clock.Advance(TimeSpan.FromMinutes(5));
        (await log.StartAsync(Cancel)).Anchor.ShouldBeNull();
        (await new RunLog(store, clock, "another", "20/s").StartAsync(Cancel)).OtherInputs.ShouldBeTrue();
    }

    [Fact]
    public void Progress_knows_up_to_where_all_has_arrived()
    {
        var progress = new Progress(5);
        var (a, b, b2, c) = (progress.Begin(5), progress.Begin(6), progress.Begin(6), progress.Begin(9));
        progress.Complete(b);
        progress.Position.ShouldBe(5);
        progress.Complete(a);
        progress.Position.ShouldBe(6);
        progress.Complete(c);
        progress.Position.ShouldBe(6);
        progress.Complete(b2);
        progress.Position.ShouldBe(9, "position 9 may get more actions");
        progress.Open.ShouldBe(0);
        progress.Finish();
        progress.Position.ShouldBe(10);
    }

    [Fact]
    public async Task While_one_action_is_stuck_only_so_many_others_begin()
    {
        var progress = new Progress(0);
        var entries = Enumerable.Range(0, Progress.MostOpen).Select(at => progress.Begin(at)).ToList();
        var room = progress.RoomAsync(Cancel).AsTask();
        entries.Skip(1).ToList().ForEach(progress.Complete);
        room.IsCompleted.ShouldBeFalse("the first has not arrived");
        progress.Complete(entries[0]);
        await room;
    }

    private async Task<DatasetInput> FileAsync(long orders)
    {
        var path = Path.Combine(directory.Path, "input.csv");
        await SyntheticFile.WriteAsync(path, new SyntheticFile.Options { Orders = orders, Seed = 11 }, Cancel);
        var input = new DatasetInput(path);
        await input.CountAsync(Cancel);
        input.KnownOrders.ShouldBe(orders);
        return input;
    }

    private static RunLog Log(IReplayInput input, SimulatorStore store) => new(store, TimeProvider.System, input.Identity, Pace.Max.ToString());

    private async Task<Replayer> StartAsync(IReplayInput input, SimulatorStore store)
    {
        var log = Log(input, store);
        return new Replayer(input, Pace.Max, log, await log.StartAsync(Cancel), new ActionSender(new ServiceCalls(World, TimeProvider.System)), TimeProvider.System);
    }

    private static Task<long> PositionAsync(SimulatorStore store) => store.ReadAsync(db => db.QuerySingle<long>("SELECT position FROM run"), Cancel);

    // Every action is there, with the body that the input has, and nothing else is.
    private async Task ShouldHaveArrivedAsync(IReplayInput input)
    {
        var expected = new Dictionary<string, string>();
        await foreach (var step in input.ReadAsync(0, Cancel))
        {
            object? body = step.Action switch
            {
                OrderAction { Order: var order } => order,
                ReturnAction { Return: var goods } => goods,
                StockAction { Adjustment: var adjustment } => adjustment,
                LedgerAction { Adjustment: var adjustment } => adjustment,
                _ => null,
            };
            if (body is not null)
            {
                expected[step.Action.Id] = System.Text.Encoding.UTF8.GetString(FlowJson.Serialize(body));
            }
        }

        World.Conflicts.ShouldBe(0);
        World.Bodies.Count.ShouldBe(expected.Count);
        expected.Where(pair => World.Bodies.GetValueOrDefault(pair.Key) != pair.Value).ShouldBeEmpty();
    }
}
