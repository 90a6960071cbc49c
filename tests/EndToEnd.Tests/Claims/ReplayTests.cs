using FlowPlatform.Hosting;

namespace FlowPlatform.EndToEnd.Tests.Claims;

/// <summary>State is a fold of the flow: whoever folds it again has the same.</summary>
public sealed class ReplayTests(ClaimServers servers)
{
    private readonly string run = Guid.NewGuid().ToString("N")[..8];

    private string Stream => $"meters-{run}";

    [Fact]
    public async Task Replaying_a_stream_gives_the_same_state_whatever_the_batches_the_pauses_and_the_kind_of_store()
    {
        var readings = Readings.Of(seed: 7, 3_000);
        await using var producerPlace = await ServicePlace.CreateAsync(servers, $"meters-{run}", "sqlite");
        await using var livePlace = await ServicePlace.CreateAsync(servers, $"live-{run}", "sqlite");
        await using (var producer = await MeterService.StartAsync(servers, producerPlace, flow => flow.Publishes<MetersEvent>(Stream)))
        {
            // Live: as it happens, in two sittings.
            for (var sitting = 0; sitting < 2; sitting++)
            {
                await using var live = await MeterService.StartAsync(servers, livePlace, Consume);
                await producer.EmitAsync(readings.Skip(sitting * 1_500).Take(750));
                await live.HasAllOfAsync<LatestReading>(producer);
                await producer.EmitAsync(readings.Skip((sitting * 1_500) + 750).Take(750));
                await live.HasAllOfAsync<LatestReading>(producer);
                await live.HasAllOfAsync<DistrictLoad>(producer);
            }

            await using var again = await MeterService.StartAsync(servers, livePlace, Consume);
            (await again.RowsAsync<LatestReading>("latest")).ShouldBe(Readings.Latest(readings));
            (await again.RowsAsync<DistrictLoad>("load")).ShouldBe(Readings.Load(readings));
            foreach (var (kind, batch) in new[] { ("sqlite", 2_000), ("sqlite", 7), ("postgres", 2_000), ("postgres", 7) })
            {
                await using var place = await ServicePlace.CreateAsync(servers, $"replay-{kind}-{batch}-{run}", kind);
                await using var replay = await MeterService.StartAsync(servers, place, Consume, new Obstacle { MaxBatch = batch });
                await replay.HasAllOfAsync<LatestReading>(producer);
                await replay.HasAllOfAsync<DistrictLoad>(producer);
                (await replay.HashAsync<LatestReading>()).ShouldBe(await again.HashAsync<LatestReading>(), $"{kind}, {batch} events a transaction");
                (await replay.HashAsync<DistrictLoad>()).ShouldBe(await again.HashAsync<DistrictLoad>(), $"{kind}, {batch} events a transaction");
            }
        }
    }

    private void Consume(FlowBuilder flow) => flow.Projection<LatestReading>(Stream).Projection<DistrictLoad>(Stream);
}
