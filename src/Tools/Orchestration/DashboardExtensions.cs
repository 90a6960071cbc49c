using Aspire.Hosting;
using Aspire.Hosting.ApplicationModel;

namespace FlowPlatform.Orchestration;

/// <summary>The project that shows all others.</summary>
public static class DashboardExtensions
{
    internal const string GrpcEndpoint = "otlp-grpc";
    internal const string HttpEndpoint = "otlp-http";

    /// <summary>
    /// Makes the project the application's dashboard: services send it their telemetry, unless the configuration names another collector; it may see and command all resources; the console shows
    /// the link to it. It is no part of the application: nothing waits for it, and whatever its end, it is started again.
    /// </summary>
    /// <param name="project">It serves pages on an endpoint <c>http</c>, which is added here, and answers <c>/health</c> there.</param>
    /// <param name="token">What the link carries.</param>
    /// <param name="telemetryKey">What services send with their telemetry.</param>
    /// <returns>The project.</returns>
    public static IResourceBuilder<ProjectResource> AsDashboard(
        this IResourceBuilder<ProjectResource> project, IResourceBuilder<ParameterResource> token, IResourceBuilder<ParameterResource> telemetryKey)
    {
        project.Resource.Annotations.Add(new DashboardAnnotation(token.Resource, telemetryKey.Resource));
        // Not http: ASPNETCORE_URLS has the addresses of pages.
        return project.WithHttpEndpoint().WithEndpoint(scheme: "tcp", name: GrpcEndpoint).WithEndpoint(scheme: "tcp", name: HttpEndpoint).WithHttpHealthCheck("/health");
    }
}
