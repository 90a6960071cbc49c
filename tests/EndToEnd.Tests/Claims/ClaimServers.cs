using FlowPlatform.EndToEnd.Tests.Claims;
using FlowPlatform.Orchestration.Broker;
using FlowPlatform.Orchestration.Postgres;

[assembly: AssemblyFixture(typeof(ClaimServers))]

namespace FlowPlatform.EndToEnd.Tests.Claims;

/// <summary>The broker and the Postgres server of the test run, each from the first test that asks for it.</summary>
public sealed class ClaimServers : IAsyncDisposable
{
    private readonly Lazy<Task<SharedTestBroker>> broker = new(() => SharedTestBroker.AcquireAsync(CancellationToken.None));
    private readonly Lazy<Task<SharedTestPostgres>> postgres = new(() => SharedTestPostgres.AcquireAsync(CancellationToken.None));

    public Task<SharedTestBroker> BrokerAsync() => broker.Value;

    public async Task<TestDatabase> CreateDatabaseAsync() => await (await postgres.Value).CreateDatabaseAsync(CancellationToken.None);

    public async ValueTask DisposeAsync()
    {
        if (postgres.IsValueCreated)
        {
            await (await postgres.Value).DisposeAsync();
        }

        if (broker.IsValueCreated)
        {
            await (await broker.Value).DisposeAsync();
        }
    }
}
