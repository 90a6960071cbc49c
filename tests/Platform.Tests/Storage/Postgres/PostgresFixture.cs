using FlowPlatform.Orchestration.Postgres;
using FlowPlatform.Tests.Storage.Postgres;

[assembly: AssemblyFixture(typeof(PostgresFixture))]

namespace FlowPlatform.Tests.Storage.Postgres;

/// <summary>The one Postgres server of the test run, from the first test that asks for it; FLOW_TEST_POSTGRES names another.</summary>
public sealed class PostgresFixture : IAsyncDisposable
{
    private readonly Lazy<Task<SharedTestPostgres>> server = new(() => SharedTestPostgres.AcquireAsync(CancellationToken.None));

    /// <summary>A new database, with a role that owns it.</summary>
    public async Task<TestDatabase> CreateDatabaseAsync() => await (await server.Value).CreateDatabaseAsync(CancellationToken.None);

    public async ValueTask DisposeAsync()
    {
        if (server.IsValueCreated)
        {
            await (await server.Value).DisposeAsync();
        }
    }
}
