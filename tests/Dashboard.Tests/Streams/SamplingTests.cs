using FlowPlatform.Dashboard.Resources;
using FlowPlatform.Dashboard.Streams;
using FlowPlatform.Dashboard.Tests.Support;
using FlowPlatform.Log;

namespace FlowPlatform.Dashboard.Tests.Streams;

/// <summary>How the flow of all services is watched.</summary>
public sealed class SamplingTests(DashboardBroker broker)
{
    [Fact]
    public async Task A_service_that_never_answers_holds_up_no_other()
    {
        await using var hanging = await ScriptedService.StartAsync("inventory");
        await using var fine = await ScriptedService.StartAsync("orders");
        fine.Status = fine.StatusAt(position: 7);
        await using var dashboard = await TestDashboard.StartAsync(settings: ScriptedService.Settings(hanging, fine));
        await Eventually.ThatAsync("the hanging service was asked", () => hanging.Asked > 0);
        await Eventually.ThatAsync("the other one was asked three times more", AskedAgain(fine));
        dashboard.Get<FlowBoard>().Consumers.ShouldHaveSingleItem().Status.Position.ShouldBe(7);
        var silent = await Eventually.ThatAsync("the silence is told", () => Task.FromResult(dashboard.Get<FlowBoard>().Services.FirstOrDefault(reading => reading.Address.Service == "inventory")), reading => reading?.Fault is not null);
        silent!.Fault!.ShouldContain("inventory does not answer within 3 s");
    }

    [Fact]
    public async Task A_service_that_is_gone_is_told_as_gone_and_its_alarms_are_those_of_its_health_checks()
    {
        var service = await ScriptedService.StartAsync("orders");
        service.Status = service.StatusAt(position: 7);
        service.Trouble = "The outbox can't publish to orders-0: the broker can't be reached.";
        await using var dashboard = await TestDashboard.StartAsync(settings: ScriptedService.Settings(service));
        var board = dashboard.Get<FlowBoard>();
        var red = await Eventually.ThatAsync("it was asked", () => Task.FromResult(board.Services), services => services.Count > 0);
        red[0].Health.ShouldBe("Unhealthy");
        red[0].Reasons.ShouldHaveSingleItem().ShouldBe(service.Trouble);
        await service.DisposeAsync();
        var gone = await Eventually.ThatAsync("it is gone", () => Task.FromResult(board.Services[0]), reading => reading.Health == ServiceReading.NoAnswer);
        gone.Flow.ShouldBeNull();
        board.Consumers.ShouldBeEmpty("What a service said that is gone is not told as if it were so.");
    }

    [Fact]
    public async Task Of_replicas_the_owners_word_counts()
    {
        await using var owner = await ScriptedService.StartAsync("orders");
        await using var other = await ScriptedService.StartAsync("orders");
        owner.Status = owner.StatusAt(position: 9, owner: "a", instance: "a");
        other.Status = other.StatusAt(position: 3, owner: "a", instance: "b");
        await using var dashboard = await TestDashboard.StartAsync(settings: ScriptedService.Settings(owner, other));
        var board = dashboard.Get<FlowBoard>();
        await Eventually.ThatAsync("both have answered", () => board.Services.Count(reading => reading.Flow is not null) == 2);
        board.Consumers.ShouldHaveSingleItem().Status.Position.ShouldBe(9);
    }

    [Fact]
    public async Task Replicas_that_come_are_asked_and_those_that_go_are_forgotten()
    {
        await using var first = await ScriptedService.StartAsync("orders");
        await using var second = await ScriptedService.StartAsync("orders");
        first.Status = first.StatusAt(position: 3, owner: "b", instance: "a");
        second.Status = second.StatusAt(position: 9, owner: "b", instance: "b");
        await using var dashboard = await TestDashboard.StartAsync(settings: ScriptedService.Settings(first));
        var board = dashboard.Get<FlowBoard>();
        await Eventually.ThatAsync("the only one has answered", () => board.Services.Count == 1);

        Tell(first, second);
        await Eventually.ThatAsync("the new one's word counts", () => board.Consumers is [{ Status.Position: 9 }]);
        board.Services.Select(static reading => reading.Address.Index).ShouldBe([0, 1]);

        Tell(first);
        await Eventually.ThatAsync("the other one is no alarm", () => board.Services.Count == 1);
        var asked = AskedAgain(first);
        await Eventually.ThatAsync("the first is still asked", asked);

        void Tell(params ScriptedService[] replicas) => dashboard.Get<ResourceBoard>().Set(new ResourceListing("one", "FlowPlatform",
        [
            new ResourceState { Name = "orders", Type = "Project", Replicas = [.. replicas.Select(static (replica, index) => new ResourceState { Name = $"orders-{index + 1}", Endpoints = [new("http", replica.Url.ToString())] })] },
        ]));
    }

    [Fact]
    public async Task Bounds_and_leader_of_every_partition_are_read_from_the_log()
    {
        await using var log = await broker.OpenAsync();
        var stream = await DashboardBroker.CreateStreamAsync(log, "bounds", 2);
        await DashboardBroker.AppendAsync(log, new PartitionId(stream, 0), DashboardBroker.Event(1), DashboardBroker.Event(2), DashboardBroker.Event(3));
        await using var service = await ScriptedService.StartAsync("orders");
        service.Status = service.StatusAt(position: 0) with { Streams = [new(stream, 0, 3, 3), new(stream, 1, 0, 0)], Consumers = [] };
        await using var dashboard = await TestDashboard.StartAsync(settings: [.. ScriptedService.Settings(service), .. await broker.SettingsAsync()]);
        var board = dashboard.Get<FlowBoard>();
        await Eventually.ThatAsync("both partitions were looked at", () => board.Partitions.Count(reading => reading.Leader is not null) == 2);
        var (full, empty) = (board.Find(new PartitionId(stream, 0))!, board.Find(new PartitionId(stream, 1))!);
        full.Fault.ShouldBeNull();
        (full.First, full.Last).ShouldBe((0, 2));
        full.LastAt.ShouldNotBeNull();
        (empty.First, empty.Last).ShouldBe((null, null));
    }

    private static Func<bool> AskedAgain(ScriptedService service)
    {
        var before = service.Asked;
        return () => service.Asked >= before + 3;
    }
}
