using FlowPlatform.Orchestration.Postgres;

[assembly: AssemblyFixture(typeof(FlowPlatform.Orchestration.Tests.Postgres.RunningPostgres))]

namespace FlowPlatform.Orchestration.Tests.Postgres;

/// <summary>A real server for tests that only use one; started when the first of them asks.</summary>
public sealed class RunningPostgres : IAsyncDisposable
{
    private readonly Lazy<Task<SharedTestPostgres>> shared = new(() => SharedTestPostgres.AcquireAsync(CancellationToken.None));

    internal Task<SharedTestPostgres> GetAsync() => shared.Value;

    public async ValueTask DisposeAsync()
    {
        if (shared.IsValueCreated)
        {
            await (await shared.Value).DisposeAsync();
        }
    }
}
