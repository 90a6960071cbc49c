using Aspire.Hosting;
using Aspire.Hosting.ApplicationModel;

namespace FlowPlatform.AppHost;

internal static class AdminExtensions
{
    /// <summary>Whoever has the key may ask the service what only administrators may; so may the orchestrator's own pages, where they have commands.</summary>
    public static IResourceBuilder<ProjectResource> WithAdmin(this IResourceBuilder<ProjectResource> service, IResourceBuilder<ParameterResource> adminKey)
    {
        HostMode.AddCommands(service, adminKey);
        return service.WithEnvironment("FLOW_ADMIN_KEY", adminKey);
    }
}
