using System.Data.Common;
using System.IO.Compression;
using Dapper;
using FlowPlatform.Hosting;
using FlowPlatform.Log;
using FlowPlatform.Storage.EmbeddedLog;
using FlowPlatform.Storage.Sqlite;
using FlowPlatform.Stores;
using FlowPlatform.Tests.Meters;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace FlowPlatform.Tests.Upgrade;

/// <summary>
/// Data that earlier versions of the platform wrote is opened in place, and goes on: a main store, a projection and an embedded log of the service in tests/Assets/Meters, made up of nothing real.
/// <c>meters-schema-1.zip</c> was written by a7d7938, the first version with a store and an embedded log (platform migrations 1), <c>meters-schema-3.zip</c> by 4a879ce, the first that parks (up to 3): by copying
/// that folder into a checkout of the version, <c>dotnet run --project tests/Assets/Meters -- DIR [--poison]</c>, and packing DIR without its lock files.
/// </summary>
public sealed class UpgradeTests : IDisposable
{
    private const string Position = "SELECT next_offset FROM flow_checkpoint ORDER BY partition";
    private readonly TemporaryDirectory directory = new();

    private string Main => Path.Combine(directory.Path, "store", "main.db");

    private string Projection => Path.Combine(directory.Path, "store", "units-by-meter.g1.db");

    [Theory]
    [InlineData("meters-schema-1.zip", 1, 12, 3, 18)]
    [InlineData("meters-schema-3.zip", 3, 14, 5, 20)]
    public async Task What_an_earlier_version_wrote_goes_on_with_one_effect_each(string written, int schema, int readings, int readingsOfFirst, int unitsOfFirst)
    {
        Unpack(written);
        (await NumbersAsync(Main, "SELECT max(number) FROM flow_migration WHERE scope LIKE 'flow-%'")).ShouldBe([schema]);
        (await NumbersAsync(Main, "SELECT sum(assigned - confirmed) FROM flow_outbox_head")).ShouldBe([3], "Decided, and not published.");
        await using (var flow = await StartAsync())
        {
            await SettledAsync(flow, readings);
            (await RowsAsync(await OpenMainAsync(flow), "bill")).ShouldBe([$"meter-0 {readingsOfFirst} {unitsOfFirst}", "meter-1 4 112", "meter-2 4 115", "meter-3 1 100"]);
            (await RowsAsync(await OpenProjectionAsync(flow), "units")).ShouldBe(["meter-0 3 18", "meter-1 4 112", "meter-2 4 115", "meter-3 1 100"]);
            await ShouldHaveEachOnceAsync(flow.Services.GetRequiredService<IEventLog>(), readings);
            await flow.StopAsync();
        }

        foreach (var file in (string[])[Main, Projection])
        {
            var newest = EmbeddedMigrations.Of(typeof(SqliteStore).Assembly, "flow-consumer").Count;
            (await NumbersAsync(file, "SELECT max(number) FROM flow_migration WHERE scope = 'flow-consumer'")).ShouldBe([newest]);
        }
    }

    [Fact]
    public async Task What_was_parked_is_parked_still_and_can_be_redriven()
    {
        Unpack("meters-schema-3.zip");
        await using var flow = await StartAsync(belowNothing: true);
        await SettledAsync(flow, 14);
        var parking = flow.Services.GetRequiredService<FlowParking>();
        var parked = (await parking.ReadKeysAsync(null, null, null, 10, Cancel)).ShouldHaveSingleItem();
        (parked.Place.Consumer, parked.Place.Key, parked.Events, parked.Reason.Message).ShouldBe(("units-by-meter", "meter-0", 2, "Meter meter-0 runs backwards."));
        await parking.RequestAsync(ParkingVerb.Redrive, new ParkingTarget("units-by-meter") { Key = "meter-0" }, "test", null, Cancel);
        await Eventually.ThatAsync("the key is free", async () => (await parking.ReadKeysAsync(null, null, null, 10, Cancel)).Count == 0);
        (await RowsAsync(await OpenProjectionAsync(flow), "units")).ShouldBe(["meter-0 5 20", "meter-1 4 112", "meter-2 4 115", "meter-3 1 100"]);
        await flow.StopAsync();
    }

    [Fact]
    public async Task A_projection_whose_file_is_deleted_is_folded_anew_from_the_log_that_the_earlier_version_wrote()
    {
        Unpack("meters-schema-1.zip");
        File.Delete(Projection);
        await using var flow = await StartAsync();
        await SettledAsync(flow, 12);
        (await RowsAsync(await OpenProjectionAsync(flow), "units")).ShouldBe(["meter-0 3 18", "meter-1 4 112", "meter-2 4 115", "meter-3 1 100"]);
        (await RowsAsync(await OpenMainAsync(flow), "bill")).ShouldBe(["meter-0 3 18", "meter-1 4 112", "meter-2 4 115", "meter-3 1 100"], "The reactor does not begin anew.");
        await flow.StopAsync();
    }

    [Fact]
    public async Task A_store_of_a_newer_version_is_refused_with_what_to_do()
    {
        Unpack("meters-schema-3.zip");
        await NumbersAsync(Main, "INSERT INTO flow_migration VALUES ('flow-main', 5, '0005_x', 'x', 'x'), ('flow-main', 4, '0004_x', 'x', 'x') RETURNING number");
        var refused = await Should.ThrowAsync<MigrationException>(async () => await StartAsync());
        refused.Message.ShouldBe($"'{Main}' has 5 migrations of 'flow-main', this program knows 4: it is older than the database. Run the newer one.");
    }

    [Fact]
    public async Task A_migration_that_was_changed_after_it_ran_is_refused_with_what_to_do()
    {
        Unpack("meters-schema-1.zip");
        await NumbersAsync(Main, "UPDATE flow_migration SET hash = 'x' WHERE scope = 'main' RETURNING number");
        (await Should.ThrowAsync<MigrationException>(async () => await StartAsync())).Message.ShouldBe(
            $"Migration main/0001_bill was changed after it was applied to '{Main}'. Put it back as it was, and make the change in a new migration.");
    }

    [Fact]
    public async Task A_log_of_another_format_is_refused_with_what_to_do()
    {
        Unpack("meters-schema-1.zip");
        await NumbersAsync(Path.Combine(directory.Path, "log", "meters.stream.db"), "PRAGMA user_version = 2; SELECT 1");
        await using var log = new EmbeddedEventLog(Path.Combine(directory.Path, "log"), TimeProvider.System);
        (await Should.ThrowAsync<LogCorruptException>(() => log.GetPartitionCountAsync("meters", Cancel))).Message.ShouldContain(
            "has format 2; this program knows 1. Run the version that wrote it, or take the file away");
    }

    /// <summary>What a service's own release does: the rows that are there get what is new, and the position stays.</summary>
    [Fact]
    public async Task A_projections_own_migration_runs_over_its_rows_and_keeps_its_position()
    {
        Unpack("meters-schema-1.zip");
        var first = EmbeddedMigrations.Of(typeof(MeterFlow).Assembly, "units-by-meter").ShouldHaveSingleItem();
        var position = await NumbersAsync(Projection, Position);
        Migration wrong = new(2, "0002_wrong", "ALTER TABLE units ADD COLUMN tariff TEXT NOT NULL");
        (await Should.ThrowAsync<MigrationException>(() => MigrateAsync(first, wrong))).Message.ShouldStartWith($"Migration units-by-meter/0002_wrong of '{Projection}' failed: ");
        await MigrateAsync(first);
        await MigrateAsync(first, new(2, "0002_mean", "ALTER TABLE units ADD COLUMN mean INTEGER NOT NULL DEFAULT 0; UPDATE units SET mean = units / readings"));
        (await NumbersAsync(Projection, "SELECT mean FROM units ORDER BY meter")).ShouldBe([6, 4, 5]);
        (await NumbersAsync(Projection, Position)).ShouldBe(position);
        (await Should.ThrowAsync<MigrationException>(() => MigrateAsync(first))).Message.ShouldEndWith(
            "has 2 migrations of 'units-by-meter', this program knows 1: it is older than the database. Run the newer one.", customMessage: "Going back to the old release.");
    }

    public void Dispose() => directory.Dispose();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private void Unpack(string written)
    {
        using var zip = typeof(UpgradeTests).Assembly.GetManifestResourceStream(written).ShouldNotBeNull();
        ZipFile.ExtractToDirectory(zip, directory.Path);
    }

    private async Task<Running> StartAsync(bool belowNothing = false)
    {
        var running = new Running(MeterFlow.Build(directory.Path, belowNothing));
        try
        {
            await running.Host.StartAsync(Cancel);
            return running;
        }
        catch
        {
            await running.DisposeAsync();
            throw;
        }
    }

    private static async Task SettledAsync(Running flow, int readings)
    {
        await Eventually.ThatAsync(
            "all readings are on bills, and published",
            async () => (await AskAsync(await OpenMainAsync(flow), "SELECT (SELECT sum(readings) FROM bill) * 1000 + (SELECT sum(assigned - confirmed) FROM flow_outbox_head)")).Single(),
            sum => sum == readings * 1000);
        await Eventually.ThatAsync(
            "the projection has read everything",
            async () => (await AskAsync(await OpenProjectionAsync(flow), "SELECT (SELECT sum(readings) FROM units) + coalesce((SELECT sum(events) FROM flow_parked_key), 0)")).Single(),
            sum => sum == readings);
    }

    private async Task MigrateAsync(params Migration[] migrations)
    {
        await using var store = new SqliteServiceStore(Path.GetDirectoryName(Main)!, typeof(MeterFlow).Assembly, new PublishedStreams(MeterFlow.Service), TimeProvider.System);
        await store.OpenAsync(Cancel);
        await store.OpenGenerationAsync("units-by-meter", migrations, Cancel);
    }

    /// <summary>No event twice, no sequence left out, one bill for each reading.</summary>
    private static async Task ShouldHaveEachOnceAsync(IEventLog log, int readings)
    {
        List<EventEnvelope> events = [];
        for (var index = 0; index < await log.GetPartitionCountAsync("meters", Cancel); index++)
        {
            var partition = new PartitionId("meters", index);
            var sequence = 0L;
            for (var offset = 0L; await log.ReadAtAsync(partition, offset, Cancel) is { } record; offset = record.Offset + 1)
            {
                record.Event.Sequence.ShouldBe(++sequence);
                events.Add(record.Event);
            }
        }

        events.Select(@event => @event.Id).Distinct().Count().ShouldBe(2 * readings);
        events.Count(@event => @event.Is<MeterBilled>()).ShouldBe(readings);
        events.Where(@event => @event.Is<MeterBilled>()).Select(@event => @event.CausationId).ShouldBe(events.Where(@event => @event.Is<MeterRead>()).Select(@event => @event.Id), ignoreOrder: true);
    }

    private static ValueTask<DbConnection> OpenMainAsync(Running flow) => flow.Services.GetRequiredService<IServiceStore>().OpenReadAsync(Cancel);

    private static ValueTask<DbConnection> OpenProjectionAsync(Running flow) => flow.Services.GetRequiredService<ProjectionReader<UnitsByMeter>>().OpenAsync(Cancel);

    private static async Task<List<string>> RowsAsync(DbConnection connection, string table)
    {
        await using (connection)
        {
            return [.. await connection.QueryAsync<string>($"SELECT meter || ' ' || readings || ' ' || units FROM {table} ORDER BY meter")];
        }
    }

    private static async Task<List<long>> AskAsync(DbConnection connection, string sql)
    {
        await using (connection)
        {
            return [.. await connection.QueryAsync<long>(sql)];
        }
    }

    private static async Task<List<long>> NumbersAsync(string file, string sql)
    {
        var connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = file, Pooling = false }.ToString());
        await connection.OpenAsync(Cancel);
        return await AskAsync(connection, sql);
    }

    private sealed class Running(IHost host) : IAsyncDisposable
    {
        public IHost Host => host;

        public IServiceProvider Services => host.Services;

        public Task StopAsync() => host.StopAsync(Cancel);

        public ValueTask DisposeAsync() => ((IAsyncDisposable)host).DisposeAsync();
    }
}
