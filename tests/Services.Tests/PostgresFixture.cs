using FlowPlatform.Orchestration.Postgres;

[assembly: AssemblyFixture(typeof(Services.Tests.PostgresFixture))]

namespace Services.Tests;

/// <summary>The one Postgres server of the test run, from the first test that asks for it; FLOW_TEST_POSTGRES names another.</summary>
public sealed class PostgresFixture : IAsyncDisposable
{
    private readonly Lazy<Task<SharedTestPostgres>> server = new(() => SharedTestPostgres.AcquireAsync(CancellationToken.None));

    /// <summary>A new database, with a role that owns it; null for another kind of store.</summary>
    public async Task<TestDatabase?> CreateDatabaseAsync(string kind = "postgres") =>
        kind == "postgres" ? await (await server.Value).CreateDatabaseAsync(CancellationToken.None) : null;

    public async ValueTask DisposeAsync()
    {
        if (server.IsValueCreated)
        {
            await (await server.Value).DisposeAsync();
        }
    }
}
