using FlowPlatform.Orchestration.Broker;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace FlowPlatform.Orchestration.Supervision;

/// <summary>A running cluster: it lifts its own nodes, and its health says how many serve.</summary>
internal sealed class ClusterHandle(PrivateCluster cluster) : ISupervised
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(250);

    public Task<int> Exited => cluster.Exited;

    public Task StopAsync(TimeSpan grace) => cluster.StopAsync(grace);

    public void Kill() => cluster.Kill();

    /// <summary>One node away is yellow, for the others have everything; two are red, for nothing can be written.</summary>
    public async Task WatchAsync(Func<HealthStatus, string?, Task> publish, TimeProvider time, CancellationToken cancellationToken)
    {
        (HealthStatus Status, string? Reason)? told = null;
        while (true)
        {
            var troubles = cluster.Nodes.Select(node => node.Trouble).OfType<string>().ToArray();
            var now = (
                troubles.Length == 0 ? HealthStatus.Healthy : troubles.Length == 1 ? HealthStatus.Degraded : HealthStatus.Unhealthy,
                troubles.Length == 0 ? null : string.Join("; ", troubles));
            if (told != now)
            {
                told = now;
                await publish(now.Item1, now.Item2);
            }
            await Task.Delay(Interval, time, cancellationToken);
        }
    }
}
