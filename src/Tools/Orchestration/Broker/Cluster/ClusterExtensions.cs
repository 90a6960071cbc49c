using System.Globalization;
using Aspire.Hosting;
using Aspire.Hosting.ApplicationModel;
using FlowPlatform.Orchestration.Broker;

namespace FlowPlatform.Orchestration;

/// <summary>What the local orchestrator does beyond Aspire's app model: RabbitMQ on three nodes.</summary>
public static class ClusterExtensions
{
    /// <summary>
    /// Runs the server as a cluster of three private nodes. The second and third have endpoints of their own, named like those of the first with <c>-2</c> and <c>-3</c>;
    /// the connection string names them as <c>nodes</c>. Call it after the server's own endpoints were added.
    /// </summary>
    public static IResourceBuilder<RabbitMQServerResource> WithCluster(this IResourceBuilder<RabbitMQServerResource> server)
    {
        foreach (var endpoint in server.Resource.Annotations.OfType<EndpointAnnotation>().ToArray())
        {
            for (var number = 2; number <= PrivateCluster.Size; number++)
            {
                server.Resource.Annotations.Add(new EndpointAnnotation(EndpointOf(endpoint.Name, number), endpoint.UriScheme, port: null, endpoint.TargetPort));
            }
        }
        server.Resource.Annotations.Add(new ClusterAnnotation());
        return server;
    }

    /// <summary>The name of a node's endpoint.</summary>
    internal static string EndpointOf(string name, int number) => number == 1 ? name : string.Create(CultureInfo.InvariantCulture, $"{name}-{number}");
}

internal sealed record ClusterAnnotation : IResourceAnnotation;
