using FlowPlatform.Hosting;

namespace FlowPlatform.EndToEnd.Tests.Claims;

/// <summary>
/// A consumer that hangs, fails or has stopped holds back no other: while it can't move, the other is driven through thousands of events to the end. Nothing is timed. The two are consumers of one
/// service, in one process, so that only what the platform keeps apart keeps them apart.
/// </summary>
public sealed class HeldBackTests(ClaimServers servers)
{
    private const int Before = 600;
    private const int Meanwhile = 6_000;
    private readonly string run = Guid.NewGuid().ToString("N")[..8];

    private string Stream => $"meters-{run}";

    [Theory]
    [InlineData("sqlite")]
    [InlineData("postgres")]
    public async Task A_consumer_that_hangs_inside_its_transaction_holds_back_no_other(string kind)
    {
        await using var place = await PlaceAsync("meters", kind);
        await using var service = await StartAsync(place, new Obstacle { Hangs = true });
        var readings = Readings.Of(seed: 1, Before + Meanwhile);
        await service.EmitAsync(readings.Take(Before));
        await service.Obstacle.Reached;

        await service.EmitAsync(readings.Skip(Before));
        await service.HasAllOfAsync<DistrictLoad>(service);

        service.Obstacle.IsCleared.ShouldBeFalse();
        (await service.CommittedAsync<LatestReading>()).Values.ShouldAllBe(committed => committed.Mark == 0);
        (await service.RowsAsync<DistrictLoad>("load")).ShouldBe(Readings.Load(readings));

        service.Obstacle.Clear();
        await service.HasAllOfAsync<LatestReading>(service);
        (await service.RowsAsync<LatestReading>("latest")).ShouldBe(Readings.Latest(readings));
    }

    [Theory]
    [InlineData("sqlite")]
    [InlineData("postgres")]
    public async Task A_consumer_that_is_stuck_in_its_database_holds_back_no_other(string kind)
    {
        await using var place = await PlaceAsync("meters", kind);
        await using var service = await StartAsync(place);
        var readings = Readings.Of(seed: 2, Before + Meanwhile);
        await service.EmitAsync(readings.Take(Before));
        await service.HasAllOfAsync<LatestReading>(service);
        var before = await service.CommittedAsync<LatestReading>();

        await using (await place.LockAsync("latest-reading", "latest"))
        {
            await service.EmitAsync(readings.Skip(Before));
            await service.HasAllOfAsync<DistrictLoad>(service);
            await Eventually.ThatAsync("the stuck one says so", service.StatusAsync, status => status.Consumers.Any(row => row is { Consumer: "latest-reading", State: "unavailable" }));

            (await service.CommittedAsync<LatestReading>()).ShouldBe(before, ignoreOrder: true);
            (await service.RowsAsync<DistrictLoad>("load")).ShouldBe(Readings.Load(readings));
            (await service.StatusAsync()).Consumers.Where(row => row.Consumer == "district-load").ShouldAllBe(row => row.Error == null);
        }

        await service.HasAllOfAsync<LatestReading>(service);
        (await service.RowsAsync<LatestReading>("latest")).ShouldBe(Readings.Latest(readings));
    }

    [Theory]
    [InlineData("sqlite")]
    [InlineData("postgres")]
    public async Task An_event_that_one_consumer_cannot_apply_holds_back_no_other_and_only_its_own_key(string kind)
    {
        var readings = Readings.Of(seed: 3, Before + Meanwhile);
        var poison = readings[Before / 2].Meter;
        await using var place = await PlaceAsync("meters", kind);
        await using var service = await StartAsync(place, new Obstacle { Poison = poison });
        await service.EmitAsync(readings);
        await service.HasAllOfAsync<DistrictLoad>(service);
        await service.HasAllOfAsync<LatestReading>(service);

        (await service.RowsAsync<DistrictLoad>("load")).ShouldBe(Readings.Load(readings));
        (await service.RowsAsync<LatestReading>("latest")).ShouldBe(Readings.Latest(readings.Where(read => read.Meter != poison)));
        var parked = (await service.StatusAsync()).Consumers.Where(row => row.Parked is not null).ToList();
        parked.ShouldAllBe(row => row.Consumer == "latest-reading");
        (parked.Sum(row => row.Parked!.Keys), parked.Sum(row => row.Parked!.Events)).ShouldBe((1, readings.Count(read => read.Meter == poison)));
    }

    [Theory]
    [InlineData("sqlite")]
    [InlineData("postgres")]
    public async Task A_consumer_that_has_stopped_holds_back_no_other(string kind)
    {
        var readings = Readings.Of(seed: 4, Before + Meanwhile);
        await using var place = await PlaceAsync("meters", kind);
        await using var service = await StartAsync(place, new Obstacle { Poison = readings[Before / 2].Meter, Parks = false });
        await service.EmitAsync(readings.Take(Before));
        await Eventually.ThatAsync("it has stopped", service.StatusAsync, status => status.Consumers.Any(row => row is { Consumer: "latest-reading", State: "stopped" }));
        var before = await service.CommittedAsync<LatestReading>();

        await service.EmitAsync(readings.Skip(Before));
        await service.HasAllOfAsync<DistrictLoad>(service);

        (await service.RowsAsync<DistrictLoad>("load")).ShouldBe(Readings.Load(readings));
        (await service.CommittedAsync<LatestReading>()).ShouldBe(before, ignoreOrder: true);
    }

    [Theory]
    [InlineData("sqlite")]
    [InlineData("postgres")]
    public async Task A_service_whose_decisions_hang_holds_back_no_other_service(string kind)
    {
        await using var producerPlace = await PlaceAsync("meters", kind);
        await using var hangingPlace = await PlaceAsync("alarms", kind);
        await using var otherPlace = await PlaceAsync("notices", kind);
        await using var producer = await MeterService.StartAsync(servers, producerPlace, flow => flow.Publishes<MetersEvent>(Stream));
        await using var hanging = await MeterService.StartAsync(servers, hangingPlace, flow => flow.Publishes<AlarmsEvent>($"alarms-{run}").Reactor<RaiseAlarms>(Stream), new Obstacle { Hangs = true });
        await using var other = await MeterService.StartAsync(servers, otherPlace, flow => flow.Publishes<AlarmsEvent>($"notices-{run}").Reactor<RaiseAlarms>(Stream));
        var readings = Readings.Of(seed: 5, Before + Meanwhile);
        await producer.EmitAsync(readings.Take(Before));
        await hanging.Obstacle.Reached;

        await producer.EmitAsync(readings.Skip(Before));
        await other.HasAllOfAsync<RaiseAlarms>(producer);
        await other.HasPublishedAsync();

        hanging.Obstacle.IsCleared.ShouldBeFalse();
        (await hanging.CommittedAsync<RaiseAlarms>()).Values.ShouldAllBe(committed => committed.Mark == 0);
        (await other.StatusAsync()).Streams.Sum(stream => stream.Confirmed).ShouldBe(readings.Count);

        hanging.Obstacle.Clear();
        await hanging.HasAllOfAsync<RaiseAlarms>(producer);
        await hanging.HasPublishedAsync();
        (await hanging.StatusAsync()).Streams.Sum(stream => stream.Confirmed).ShouldBe(readings.Count);
    }

    private Task<ServicePlace> PlaceAsync(string service, string kind) => ServicePlace.CreateAsync(servers, $"{service}-{run}", kind);

    private Task<MeterService> StartAsync(ServicePlace place, Obstacle? obstacle = null) => MeterService.StartAsync(servers, place, Declare, obstacle);

    private void Declare(FlowBuilder flow) => flow.Publishes<MetersEvent>(Stream).Projection<LatestReading>(Stream).Projection<DistrictLoad>(Stream);
}
