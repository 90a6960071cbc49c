using FlowPlatform.Orchestration.Broker;

[assembly: AssemblyFixture(typeof(FlowPlatform.Orchestration.Tests.Broker.RunningBroker))]

namespace FlowPlatform.Orchestration.Tests.Broker;

/// <summary>A real node for tests that only look at one; started when the first of them asks.</summary>
public sealed class RunningBroker : IAsyncDisposable
{
    private readonly Lazy<Task<SharedTestBroker>> shared = new(() => SharedTestBroker.AcquireAsync(CancellationToken.None));

    internal Task<SharedTestBroker> GetAsync() => shared.Value;

    public async ValueTask DisposeAsync()
    {
        if (shared.IsValueCreated)
        {
            await (await shared.Value).DisposeAsync();
        }
    }
}
