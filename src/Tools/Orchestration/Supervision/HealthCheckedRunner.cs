using System.Collections.Concurrent;
using Aspire.Hosting.ApplicationModel;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace FlowPlatform.Orchestration.Supervision;

/// <summary>Supervises what says over HTTP how it is.</summary>
internal abstract class HealthCheckedRunner(IResource resource, ResourceNotificationService notifications, SecretMask mask, TimeProvider time)
    : ResourceRunner(resource, notifications, mask, time)
{
    /// <summary>Healthy when all of its checks are.</summary>
    protected override Task WatchHealthAsync(CancellationToken cancellationToken)
    {
        var checks = Resource.Annotations.OfType<HttpHealthCheckAnnotation>().DistinctBy(check => check.Key).ToArray();
        if (checks.Length == 0)
        {
            return PublishHealthAsync(HealthStatus.Healthy, null);
        }
        var results = new ConcurrentDictionary<string, (HealthStatus Health, string? Reason)>();
        return Task.WhenAll(checks.Select(check => WatchAsync(check, async (health, reason) =>
        {
            results[check.Key] = (health, reason);
            await PublishReportsAsync([.. checks.Select(each => results.TryGetValue(each.Key, out var known)
                ? new HealthReportSnapshot(each.Key, known.Health, known.Reason) : new HealthReportSnapshot(each.Key, null, null))]);
            var bad = results.Values.FirstOrDefault(result => result.Health != HealthStatus.Healthy);
            if (bad.Reason is not null || results.Count == checks.Length)
            {
                await PublishHealthAsync(bad.Reason is null ? HealthStatus.Healthy : HealthStatus.Unhealthy, bad.Reason);
            }
        }, cancellationToken)));
    }

    private Task WatchAsync(HttpHealthCheckAnnotation check, Func<HealthStatus, string?, Task> publish, CancellationToken cancellationToken)
    {
        var endpoint = Resource.Annotations.OfType<EndpointAnnotation>().FirstOrDefault(endpoint => endpoint.Name == check.EndpointName);
        return endpoint?.ListeningUrl is { } url
            ? new HttpHealthWatch(new Uri(new Uri(url), check.Path), check.StatusCode, publish, Time).RunAsync(cancellationToken)
            : publish(HealthStatus.Unhealthy, $"its health check names the endpoint '{check.EndpointName}', which it doesn't have");
    }
}
