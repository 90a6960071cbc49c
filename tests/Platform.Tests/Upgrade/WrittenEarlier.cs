using System.Data.Common;
using System.IO.Compression;
using Dapper;
using FlowPlatform.Hosting;
using FlowPlatform.Log;
using FlowPlatform.Stores;
using FlowPlatform.Tests.Meters;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace FlowPlatform.Tests.Upgrade;

/// <summary>What an earlier version wrote, unpacked; and the service of today over it.</summary>
internal sealed class WrittenEarlier : IDisposable
{
    private readonly TemporaryDirectory directory = new();

    public WrittenEarlier(string fixture)
    {
        using var zip = typeof(WrittenEarlier).Assembly.GetManifestResourceStream(fixture).ShouldNotBeNull();
        ZipFile.ExtractToDirectory(zip, directory.Path);
    }

    public string Main => Path.Combine(directory.Path, "store", "main.db");

    public string Projection => Path.Combine(directory.Path, "store", "units-by-meter.g1.db");

    public string Log => Path.Combine(directory.Path, "log");

    /// <summary>The statements that make a Postgres store as it was.</summary>
    public string Dump => File.ReadAllText(Path.Combine(directory.Path, "store.sql"));

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async Task<RunningMeters> StartAsync(bool belowNothing = false, string? database = null)
    {
        var running = new RunningMeters(MeterFlow.Build(directory.Path, belowNothing, database));
        try
        {
            await running.StartAsync();
            return running;
        }
        catch
        {
            await running.DisposeAsync();
            throw;
        }
    }

    /// <summary>Numbers that a statement gives in one of the files, with the service stopped.</summary>
    public static async Task<List<long>> NumbersAsync(string file, string sql)
    {
        await using var connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = file, Pooling = false }.ToString());
        await connection.OpenAsync(Cancel);
        return [.. await connection.QueryAsync<long>(sql)];
    }

    public void Dispose() => directory.Dispose();
}

/// <summary>The service, running.</summary>
internal sealed class RunningMeters(IHost host) : IAsyncDisposable
{
    public FlowParking Parking => host.Services.GetRequiredService<FlowParking>();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public Task StartAsync() => host.StartAsync(Cancel);

    public Task StopAsync() => host.StopAsync(Cancel);

    /// <summary>Waits until as many readings are on bills, everything is published, and the projection has applied or parked them.</summary>
    public async Task SettledAsync(int readings)
    {
        await Eventually.ThatAsync("all readings are on bills", () => NumberAsync(MainAsync, "SELECT CAST(sum(readings) AS bigint) FROM bill"), sum => sum == readings);
        await Eventually.ThatAsync("everything is published", () => NumberAsync(MainAsync, "SELECT CAST(sum(assigned - confirmed) AS bigint) FROM flow_outbox_head"), sum => sum == 0);
        await Eventually.ThatAsync(
            "the projection has read everything",
            () => NumberAsync(ProjectionAsync, "SELECT CAST((SELECT sum(readings) FROM units) + coalesce((SELECT sum(events) FROM flow_parked_key), 0) AS bigint)"),
            sum => sum == readings);
    }

    /// <summary>Rows of the reactor, as <c>meter readings units</c>.</summary>
    public Task<List<string>> BillsAsync() => RowsAsync(MainAsync, "bill");

    /// <summary>Rows of the projection.</summary>
    public Task<List<string>> UnitsAsync() => RowsAsync(ProjectionAsync, "units");

    /// <summary>Number of the newest migration of a scope in the main store.</summary>
    public Task<long> NewestMigrationAsync(string scope) => NumberAsync(MainAsync, $"SELECT CAST(max(number) AS bigint) FROM flow_migration WHERE scope = '{scope}'");

    /// <summary>No event twice, no sequence left out, one bill for each reading.</summary>
    public async Task ShouldHaveEachOnceAsync(int readings)
    {
        var log = host.Services.GetRequiredService<IEventLog>();
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

    public ValueTask DisposeAsync() => ((IAsyncDisposable)host).DisposeAsync();

    private ValueTask<DbConnection> MainAsync() => host.Services.GetRequiredService<IServiceStore>().OpenReadAsync(Cancel);

    private ValueTask<DbConnection> ProjectionAsync() => host.Services.GetRequiredService<ProjectionReader<UnitsByMeter>>().OpenAsync(Cancel);

    private static async Task<List<string>> RowsAsync(Func<ValueTask<DbConnection>> open, string table)
    {
        await using var connection = await open();
        return [.. await connection.QueryAsync<string>($"SELECT meter || ' ' || readings || ' ' || units FROM {table} ORDER BY meter")];
    }

    private static async Task<long> NumberAsync(Func<ValueTask<DbConnection>> open, string sql)
    {
        await using var connection = await open();
        return await connection.QuerySingleAsync<long?>(sql) ?? 0;
    }
}
