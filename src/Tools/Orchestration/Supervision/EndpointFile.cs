using System.Text.Json;
using Aspire.Hosting.ApplicationModel;
using FlowPlatform.Orchestration.Processes;

namespace FlowPlatform.Orchestration.Supervision;

/// <summary>
/// <c>endpoints.json</c> in the data directory: where each resource listens, by resource (of replicas, each by its own name) and endpoint. Written before anything starts, for tools that can't wait
/// until everything is ready.
/// </summary>
internal static class EndpointFile
{
    private static readonly JsonSerializerOptions Json = new() { WriteIndented = true };

    public static string PathIn(string dataDirectory) => Path.Combine(dataDirectory, "endpoints.json");

    public static void Write(string dataDirectory, IEnumerable<IResource> resources) => PrivateFile.Write(PathIn(dataDirectory), JsonSerializer.Serialize(
        resources.Where(resource => !resource.IsReplicated() && resource.Annotations.OfType<EndpointAnnotation>().Any())
            .ToDictionary(resource => resource.Name, resource => resource.Annotations.OfType<EndpointAnnotation>().ToDictionary(endpoint => endpoint.Name, endpoint => endpoint.AllocatedPort)),
        Json));

    /// <summary>What was written last; null if nothing was.</summary>
    public static Dictionary<string, Dictionary<string, int>>? Read(string dataDirectory) =>
        File.Exists(PathIn(dataDirectory)) ? JsonSerializer.Deserialize<Dictionary<string, Dictionary<string, int>>>(File.ReadAllText(PathIn(dataDirectory))) : null;
}
