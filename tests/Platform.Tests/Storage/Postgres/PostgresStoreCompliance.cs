using System.Reflection;
using FlowPlatform.Orchestration.Postgres;
using FlowPlatform.Storage.Postgres;
using FlowPlatform.Stores;
using FlowPlatform.Tests.Compliance.Stores;

namespace FlowPlatform.Tests.Storage.Postgres;

/// <summary>The store contract on a real Postgres.</summary>
public sealed class PostgresStoreCompliance(PostgresFixture postgres) : StoreCompliance
{
    private TestDatabase? database;
    private TestDatabase? writing;

    protected override IReadOnlyDictionary<string, string> Environment => new Dictionary<string, string> { ["STORE_POSTGRES"] = writing!.ConnectionString };

    protected override bool IsShared => true;

    protected override async ValueTask StartAsync() => database = await postgres.CreateDatabaseAsync();

    protected override IServiceStore Create(Assembly schema, PublishedStreams published, OutboxRoom? room) =>
        new PostgresServiceStore(database!.ConnectionString, schema, published, TimeProvider.System, room);

    protected override async Task ForWritingAsync() => writing = await postgres.CreateDatabaseAsync();

    protected override async ValueTask CleanUpAsync()
    {
        await (database?.DisposeAsync() ?? ValueTask.CompletedTask);
        await (writing?.DisposeAsync() ?? ValueTask.CompletedTask);
    }
}
