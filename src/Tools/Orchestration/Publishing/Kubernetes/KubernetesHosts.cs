using System.Globalization;
using Aspire.Hosting.ApplicationModel;
using FlowPlatform.Orchestration.Publishing.Compose;

namespace FlowPlatform.Orchestration.Publishing.Kubernetes;

/// <summary>
/// A service is found by its name within its namespace. The broker's nodes are found one by one, by the names that the cluster operator gives them. It makes the broker's user, too.
/// </summary>
internal sealed class KubernetesHosts(IReadOnlyList<IResource> resources) : IDeploymentHosts
{
    private readonly ParameterResource? brokerUser = resources.OfType<RabbitMQServerResource>().FirstOrDefault()?.UserNameParameter;

    public (string Host, int Port) Of(IResource resource, EndpointAnnotation endpoint) =>
        (resource is RabbitMQServerResource ? NodeOf(resource.Name, endpoint.Name) : resource.Name, WorkloadPorts.Of(endpoint));

    public bool IsSupplied(ParameterResource parameter) => parameter == brokerUser;

    /// <summary>Endpoints of further nodes end with their number, from 2.</summary>
    private static string NodeOf(string broker, string endpoint)
    {
        var number = endpoint.Split('-') is [.., var last] && int.TryParse(last, NumberStyles.None, CultureInfo.InvariantCulture, out var parsed) ? parsed : 1;
        return string.Create(CultureInfo.InvariantCulture, $"{broker}-server-{number - 1}.{broker}-nodes");
    }
}
