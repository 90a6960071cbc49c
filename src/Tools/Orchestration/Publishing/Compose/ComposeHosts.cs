using Aspire.Hosting.ApplicationModel;

namespace FlowPlatform.Orchestration.Publishing.Compose;

/// <summary>On a network of Compose a service is found by its name, and every container has its ports for itself.</summary>
internal sealed class ComposeHosts : IDeploymentHosts
{
    public static readonly ComposeHosts Instance = new();

    public (string Host, int Port) Of(IResource resource, EndpointAnnotation endpoint) => (resource.Name, WorkloadPorts.Of(endpoint));

    public bool IsSupplied(ParameterResource parameter) => false;
}

/// <summary>Ports are fixed where containers are.</summary>
internal static class WorkloadPorts
{
    public static int Of(EndpointAnnotation endpoint) => endpoint.TargetPort ?? endpoint.Name switch
    {
        DashboardExtensions.GrpcEndpoint => DeploymentReader.OtlpGrpcPort,
        DashboardExtensions.HttpEndpoint => DeploymentReader.OtlpHttpPort,
        _ => Workload.HttpPort,
    };
}
