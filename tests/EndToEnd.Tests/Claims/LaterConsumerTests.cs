using FlowPlatform.Hosting;

namespace FlowPlatform.EndToEnd.Tests.Claims;

/// <summary>A consumer that is added later sees everything from the beginning, and those that were there before notice nothing.</summary>
public sealed class LaterConsumerTests(ClaimServers servers)
{
    private readonly string run = Guid.NewGuid().ToString("N")[..8];

    private string Stream => $"meters-{run}";

    [Theory]
    [InlineData("sqlite")]
    [InlineData("postgres")]
    public async Task A_consumer_added_to_a_service_later_sees_everything_from_the_beginning(string kind)
    {
        var readings = Readings.Of(seed: 6, 4_000);
        await using var place = await ServicePlace.CreateAsync(servers, $"meters-{run}", kind);
        await using (var before = await MeterService.StartAsync(servers, place, Before))
        {
            await before.EmitAsync(readings.Take(2_500));
            await before.HasAllOfAsync<LatestReading>(before);
        }

        await using var after = await MeterService.StartAsync(servers, place, flow => Before(flow.Projection<DistrictLoad>(Stream)));
        await after.HasAllOfAsync<DistrictLoad>(after);
        (await after.RowsAsync<DistrictLoad>("load")).ShouldBe(Readings.Load(readings.Take(2_500)));
        (await after.CommittedAsync<LatestReading>()).Values.Sum(committed => committed.Applied).ShouldBe(2_500);

        await after.EmitAsync(readings.Skip(2_500));
        await after.HasAllOfAsync<DistrictLoad>(after);
        await after.HasAllOfAsync<LatestReading>(after);
        (await after.RowsAsync<DistrictLoad>("load")).ShouldBe(Readings.Load(readings));
        (await after.RowsAsync<LatestReading>("latest")).ShouldBe(Readings.Latest(readings));
    }

    private void Before(FlowBuilder flow) => flow.Publishes<MetersEvent>(Stream).Projection<LatestReading>(Stream);
}
