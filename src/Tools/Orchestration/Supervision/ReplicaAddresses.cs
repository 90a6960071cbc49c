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
}
