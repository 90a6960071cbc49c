using Microsoft.Extensions.Hosting;

namespace FlowPlatform.Orchestration.Testing;

/// <summary>In a test's process: signals, and the process itself, are the test runner's.</summary>
internal sealed class QuietLifetime : IHostLifetime
{
    public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
