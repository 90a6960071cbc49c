using FlowPlatform.Hosting;
using FlowPlatform.Log;
using FlowPlatform.Storage.EmbeddedLog;
using FlowPlatform.Storage.Sqlite;
using FlowPlatform.Stores;
using FlowPlatform.Tests.Meters;
using FlowPlatform.Tests.Storage.Postgres;
using Npgsql;

namespace FlowPlatform.Tests.Upgrade;

/// <summary>
/// Data that earlier versions of the platform wrote is opened in place, and goes on: a main store, a projection and an embedded log of the service in tests/Assets/Meters, made up of nothing real.
/// <c>meters-schema-1.zip</c> was written by a7d7938, the first version with a store and an embedded log (platform migrations 1), <c>meters-schema-3.zip</c> by 4a879ce, the first that parks (up to 3), and
/// <c>meters-schema-3-postgres.zip</c> by 6fcff08, the first that parks in Postgres: by copying that folder into a checkout of the version,
/// <c>dotnet run --project tests/Assets/Meters -- DIR [--poison] [--postgres CONNECTION]</c>, and packing DIR without its lock files, and with <c>pg_dump --inserts --no-owner --no-privileges</c> as store.sql.
/// </summary>
public sealed class UpgradeTests(PostgresFixture postgres)
{
    private const string Position = "SELECT next_offset FROM flow_checkpoint ORDER BY partition";
    private static readonly string[] Complete = ["meter-0 3 18", "meter-1 4 112", "meter-2 4 115", "meter-3 1 100"];

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("meters-schema-1.zip", 1, 12, "meter-0 3 18")]
    [InlineData("meters-schema-3.zip", 3, 14, "meter-0 5 20")]
    public async Task What_an_earlier_version_wrote_goes_on_with_one_effect_each(string fixture, int schema, int readings, string first)
    {
        using var written = new WrittenEarlier(fixture);
        (await WrittenEarlier.NumbersAsync(written.Main, "SELECT max(number) FROM flow_migration WHERE scope LIKE 'flow-%'")).ShouldBe([schema]);
        (await WrittenEarlier.NumbersAsync(written.Main, "SELECT sum(assigned - confirmed) FROM flow_outbox_head")).ShouldBe([3], "Decided, and not published.");
        await using (var flow = await written.StartAsync())
        {
            await flow.SettledAsync(readings);
            (await flow.BillsAsync()).ShouldBe([first, .. Complete[1..]]);
            (await flow.UnitsAsync()).ShouldBe(Complete);
            await flow.ShouldHaveEachOnceAsync(readings);
            await flow.StopAsync();
        }

        foreach (var file in (string[])[written.Main, written.Projection])
        {
            var newest = EmbeddedMigrations.Of(typeof(SqliteStore).Assembly, "flow-consumer").Count;
            (await WrittenEarlier.NumbersAsync(file, "SELECT max(number) FROM flow_migration WHERE scope = 'flow-consumer'")).ShouldBe([newest]);
        }
    }

    [Fact]
    public async Task What_was_parked_is_parked_still_and_can_be_redriven()
    {
        using var written = new WrittenEarlier("meters-schema-3.zip");
        await using var flow = await written.StartAsync(belowNothing: true);
        await RedriveAsync(flow);
        await flow.StopAsync();
    }

    [Fact]
    public async Task In_Postgres_it_goes_on_with_one_effect_each_and_what_was_parked_can_be_redriven()
    {
        using var written = new WrittenEarlier("meters-schema-3-postgres.zip");
        await using var database = await postgres.CreateDatabaseAsync();
        await using (var source = NpgsqlDataSource.Create(database.ConnectionString))
        await using (var restore = source.CreateCommand(written.Dump))
        {
            await restore.ExecuteNonQueryAsync(Cancel);
        }

        await using var flow = await written.StartAsync(belowNothing: true, database.ConnectionString);
        await RedriveAsync(flow);
        (await flow.BillsAsync()).ShouldBe(["meter-0 5 20", .. Complete[1..]]);
        await flow.ShouldHaveEachOnceAsync(14);
        foreach (var scope in (string[])["flow-main", "flow-consumer", "flow-leases"])
        {
            (await flow.NewestMigrationAsync(scope)).ShouldBe(EmbeddedMigrations.Of(typeof(SqliteStore).Assembly, scope, "postgres").Count);
        }

        await flow.StopAsync();
    }

    [Fact]
    public async Task A_projection_whose_file_is_deleted_is_folded_anew_from_the_log_that_the_earlier_version_wrote()
    {
        using var written = new WrittenEarlier("meters-schema-1.zip");
        File.Delete(written.Projection);
        await using var flow = await written.StartAsync();
        await flow.SettledAsync(12);
        (await flow.UnitsAsync()).ShouldBe(Complete);
        (await flow.BillsAsync()).ShouldBe(Complete, ignoreOrder: false, "The reactor does not begin anew.");
        await flow.StopAsync();
    }

    [Fact]
    public async Task A_store_of_a_newer_version_is_refused_with_what_to_do()
    {
        using var written = new WrittenEarlier("meters-schema-3.zip");
        var known = EmbeddedMigrations.Of(typeof(SqliteStore).Assembly, "flow-main").Count;
        await WrittenEarlier.NumbersAsync(
            written.Main,
            $"""
            WITH RECURSIVE next(number) AS (SELECT 4 UNION ALL SELECT number + 1 FROM next WHERE number <= {known})
            INSERT INTO flow_migration SELECT 'flow-main', number, 'later', 'x', 'x' FROM next RETURNING number
            """);
        var refused = await Should.ThrowAsync<MigrationException>(async () => await written.StartAsync());
        refused.Message.ShouldBe($"'{written.Main}' has {known + 1} migrations of 'flow-main', this program knows {known}: it is older than the database. Run the newer one.");
    }

    [Fact]
    public async Task A_migration_that_was_changed_after_it_ran_is_refused_with_what_to_do()
    {
        using var written = new WrittenEarlier("meters-schema-1.zip");
        await WrittenEarlier.NumbersAsync(written.Main, "UPDATE flow_migration SET hash = 'x' WHERE scope = 'main' RETURNING number");
        (await Should.ThrowAsync<MigrationException>(async () => await written.StartAsync())).Message.ShouldBe(
            $"Migration main/0001_bill was changed after it was applied to '{written.Main}'. Put it back as it was, and make the change in a new migration.");
    }

    [Fact]
    public async Task A_log_of_another_format_is_refused_with_what_to_do()
    {
        using var written = new WrittenEarlier("meters-schema-1.zip");
        await WrittenEarlier.NumbersAsync(Path.Combine(written.Log, "meters.stream.db"), "PRAGMA user_version = 2; SELECT 1");
        await using var log = new EmbeddedEventLog(written.Log, TimeProvider.System);
        (await Should.ThrowAsync<LogCorruptException>(() => log.GetPartitionCountAsync("meters", Cancel))).Message.ShouldContain(
            "has format 2; this program knows 1. Run the version that wrote it, or take the file away");
    }

    /// <summary>What a service's own release does: the rows that are there get what is new, and the position stays.</summary>
    [Fact]
    public async Task A_projections_own_migration_runs_over_its_rows_and_keeps_its_position()
    {
        using var written = new WrittenEarlier("meters-schema-1.zip");
        var first = EmbeddedMigrations.Of(typeof(MeterFlow).Assembly, "units-by-meter").ShouldHaveSingleItem();
        var position = await WrittenEarlier.NumbersAsync(written.Projection, Position);
        Migration wrong = new(2, "0002_wrong", "ALTER TABLE units ADD COLUMN tariff TEXT NOT NULL");
        (await Should.ThrowAsync<MigrationException>(() => MigrateAsync(written, first, wrong))).Message.ShouldStartWith($"Migration units-by-meter/0002_wrong of '{written.Projection}' failed: ");
        await MigrateAsync(written, first);
        await MigrateAsync(written, first, new(2, "0002_mean", "ALTER TABLE units ADD COLUMN mean INTEGER NOT NULL DEFAULT 0; UPDATE units SET mean = units / readings"));
        (await WrittenEarlier.NumbersAsync(written.Projection, "SELECT mean FROM units ORDER BY meter")).ShouldBe([6, 4, 5]);
        (await WrittenEarlier.NumbersAsync(written.Projection, Position)).ShouldBe(position);
        (await Should.ThrowAsync<MigrationException>(() => MigrateAsync(written, first))).Message.ShouldEndWith(
            "has 2 migrations of 'units-by-meter', this program knows 1: it is older than the database. Run the newer one.", customMessage: "Going back to the old release.");
    }

    /// <summary>Redrives what is parked; before and after it everything is as it must be.</summary>
    private static async Task RedriveAsync(RunningMeters flow)
    {
        await flow.SettledAsync(14);
        (await flow.UnitsAsync()).ShouldBe(Complete);
        var parked = (await flow.Parking.ReadKeysAsync(null, null, null, 10, Cancel)).ShouldHaveSingleItem();
        (parked.Place.Consumer, parked.Place.Key, parked.Events, parked.Reason.Message).ShouldBe(("units-by-meter", "meter-0", 2, "Meter meter-0 runs backwards."));
        await flow.Parking.RequestAsync(ParkingVerb.Redrive, new ParkingTarget("units-by-meter") { Key = "meter-0" }, "test", null, Cancel);
        await Eventually.ThatAsync("the key is free", async () => (await flow.Parking.ReadKeysAsync(null, null, null, 10, Cancel)).Count == 0);
        (await flow.UnitsAsync()).ShouldBe(["meter-0 5 20", .. Complete[1..]]);
    }

    private static async Task MigrateAsync(WrittenEarlier written, params Migration[] migrations)
    {
        await using var store = new SqliteServiceStore(Path.GetDirectoryName(written.Main)!, typeof(MeterFlow).Assembly, new PublishedStreams(MeterFlow.Service), TimeProvider.System);
        await store.OpenAsync(Cancel);
        await store.OpenGenerationAsync("units-by-meter", migrations, Cancel);
    }
}
