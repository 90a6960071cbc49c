using Aspire.Hosting.ApplicationModel;

namespace FlowPlatform.Orchestration;

/// <summary>What the local orchestrator knows of replicas beyond Aspire's app model.</summary>
public static class ReplicaAddresses
{
    /// <summary>Where a resource listens: one address for each of its replicas, in their order.</summary>
    public static IReadOnlyList<string> AllUrls(this EndpointReference endpoint) =>
        endpoint.Resource.Annotations.OfType<EndpointAnnotation>().FirstOrDefault(known => known.Name == endpoint.EndpointName) is { Replicas: { Count: > 0 } replicas }
            ? [.. replicas.Select(replica => replica.Url ?? endpoint.Url)]
            : [endpoint.Url];

    /// <summary>Waits until a resource listens elsewhere than is known: replicas came or went.</summary>
    /// <param name="endpoint">Of the resource.</param>
    /// <param name="notifications">Of the application.</param>
    /// <param name="known">Where it listened, as <see cref="AllUrls"/> said.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public static Task WaitForOtherUrlsAsync(this EndpointReference endpoint, ResourceNotificationService notifications, IReadOnlyList<string> known, CancellationToken cancellationToken) =>
        notifications.WaitForResourceAsync(endpoint.Resource.Name, _ => !endpoint.AllUrls().SequenceEqual(known), cancellationToken);
}
