using FlowPlatform.Hosting;
using Microsoft.Data.Sqlite;

namespace FlowPlatform.EndToEnd.Tests.Claims;

/// <summary>Consumers for different purposes on the same stream share the stream and nothing else.</summary>
public sealed class SharedNothingTests(ClaimServers servers)
{
    private const int Count = 2_000;
    private readonly string run = Guid.NewGuid().ToString("N")[..8];

    private string Stream => $"meters-{run}";

    [Theory]
    [InlineData("sqlite")]
    [InlineData("postgres")]
    public async Task Consumers_of_one_service_have_databases_of_their_own_and_dropping_one_leaves_the_other(string kind)
    {
        var readings = Readings.Of(seed: 8, 2 * Count);
        await using var place = await ServicePlace.CreateAsync(servers, $"meters-{run}", kind);
        (string Latest, string Load) hashes;
        await using (var service = await MeterService.StartAsync(servers, place, Both))
        {
            await service.EmitAsync(readings.Take(Count));
            await service.HasAllOfAsync<LatestReading>(service);
            await service.HasAllOfAsync<DistrictLoad>(service);
            await ShouldBeApartAsync(place);
            hashes = (await service.HashAsync<LatestReading>(), await service.HashAsync<DistrictLoad>());
        }

        await place.DropAsync("latest-reading");
        await using (var without = await MeterService.StartAsync(servers, place, flow => flow.Publishes<MetersEvent>(Stream).Projection<DistrictLoad>(Stream)))
        {
            (await without.HashAsync<DistrictLoad>()).ShouldBe(hashes.Load);
            (await without.CommittedAsync<DistrictLoad>()).Values.Sum(committed => committed.Applied).ShouldBe(Count);
            await without.EmitAsync(readings.Skip(Count));
            await without.HasAllOfAsync<DistrictLoad>(without);
            (await without.RowsAsync<DistrictLoad>("load")).ShouldBe(Readings.Load(readings));
            (await without.CommittedAsync<DistrictLoad>()).Values.Sum(committed => committed.Applied).ShouldBe(2 * Count);
        }

        // Dropped is not lost: the stream has it.
        await using var again = await MeterService.StartAsync(servers, place, Both);
        await again.HasAllOfAsync<LatestReading>(again);
        (await again.RowsAsync<LatestReading>("latest")).ShouldBe(Readings.Latest(readings));
        (await again.CommittedAsync<DistrictLoad>()).Values.Sum(committed => committed.Applied).ShouldBe(2 * Count);
    }

    [Theory]
    [InlineData("sqlite")]
    [InlineData("postgres")]
    public async Task A_read_model_that_is_thrown_away_leaves_other_services_alone_and_comes_back_the_same(string kind)
    {
        var readings = Readings.Of(seed: 9, 2 * Count);
        await using var producerPlace = await ServicePlace.CreateAsync(servers, $"meters-{run}", kind);
        await using var planningPlace = await ServicePlace.CreateAsync(servers, $"planning-{run}", kind);
        await using var producer = await MeterService.StartAsync(servers, producerPlace, flow => flow.Publishes<MetersEvent>(Stream));
        await using var planning = await MeterService.StartAsync(servers, planningPlace, flow => flow.Projection<DistrictLoad>(Stream));
        await using var displayPlace = await ServicePlace.CreateAsync(servers, $"display-{run}", kind);
        await using var display = await MeterService.StartAsync(servers, displayPlace, Display);
        await producer.EmitAsync(readings.Take(Count));
        await display.HasAllOfAsync<LatestReading>(producer);
        await planning.HasAllOfAsync<DistrictLoad>(producer);

        // A schema goes under the feet of the running service; a file is deleted after its end.
        await (displayPlace.IsPostgres ? ValueTask.CompletedTask : display.DisposeAsync());
        await displayPlace.DropAsync("latest-reading");
        await producer.EmitAsync(readings.Skip(Count));
        await planning.HasAllOfAsync<DistrictLoad>(producer);
        (await planning.RowsAsync<DistrictLoad>("load")).ShouldBe(Readings.Load(readings));
        (await planning.StatusAsync()).Consumers.ShouldAllBe(row => row.Error == null);

        await display.DisposeAsync();
        await using var anew = await MeterService.StartAsync(servers, displayPlace, Display);
        await anew.HasAllOfAsync<LatestReading>(producer);
        (await anew.RowsAsync<LatestReading>("latest")).ShouldBe(Readings.Latest(readings));
    }

    private void Both(FlowBuilder flow) => flow.Publishes<MetersEvent>(Stream).Projection<LatestReading>(Stream).Projection<DistrictLoad>(Stream);

    private void Display(FlowBuilder flow) => flow.Projection<LatestReading>(Stream);

    /// <summary>Each has its tables and its own checkpoint, none of the other's, and is written over connections of its own.</summary>
    private static async Task ShouldBeApartAsync(ServicePlace place)
    {
        if (place.IsPostgres)
        {
            (await TablesAsync("latest_reading_g1")).ShouldBe(["flow_checkpoint", "latest"]);
            (await TablesAsync("district_load_g1")).ShouldBe(["flow_checkpoint", "load"]);
            (await place.AskAsync($"SELECT DISTINCT application_name FROM pg_stat_activity WHERE datname = current_database() AND application_name LIKE '{place.Name} %\\_g1 write' ORDER BY 1"))
                .ShouldBe([$"{place.Name} district_load_g1 write", $"{place.Name} latest_reading_g1 write"]);
            return;
        }

        (await SqliteTablesAsync("latest-reading")).ShouldBe(["flow_checkpoint", "latest"]);
        (await SqliteTablesAsync("district-load")).ShouldBe(["flow_checkpoint", "load"]);

        Task<IReadOnlyList<string>> TablesAsync(string schema) => place.AskAsync($"SELECT tablename::text FROM pg_tables WHERE schemaname = '{schema}' AND tablename IN ('flow_checkpoint', 'latest', 'load') ORDER BY 1");

        async Task<List<string>> SqliteTablesAsync(string projection)
        {
            await using var connection = new SqliteConnection($"Data Source={Path.Combine(place.Directory, $"{projection}.g1.db")};Mode=ReadOnly;Pooling=False");
            await connection.OpenAsync(TestContext.Current.CancellationToken);
            await using var command = connection.CreateCommand();
            command.CommandText = "SELECT name FROM sqlite_master WHERE type = 'table' AND name IN ('flow_checkpoint', 'latest', 'load') ORDER BY 1";
            await using var reader = await command.ExecuteReaderAsync(TestContext.Current.CancellationToken);
            List<string> names = [];
            while (await reader.ReadAsync(TestContext.Current.CancellationToken))
            {
                names.Add(reader.GetString(0));
            }

            return names;
        }
    }
}
