using Aspire.Hosting;
using FlowPlatform.Orchestration.Supervision;
using Microsoft.Extensions.DependencyInjection;

namespace FlowPlatform.Orchestration;

/// <summary>Where tools ask about resources and command them.</summary>
/// <param name="Url">Where it listens, on loopback.</param>
/// <param name="Key">What must be sent as <c>X-Flow-Key</c>. A secret: whoever has it can start and stop everything.</param>
public sealed record ResourceServiceAddress(string Url, string Key);

/// <summary>The service that dashboards and <c>flow</c> command resources by.</summary>
public static class ResourceServiceExtensions
{
    /// <summary>Where the application's resource service is; null before the application has started.</summary>
    public static ResourceServiceAddress? GetResourceService(this DistributedApplication app)
    {
        var link = app.Services.GetRequiredService<DashboardLink>();
        return link.ResourceAddress is { } address ? new ResourceServiceAddress(address.ToString(), link.ResourceKey) : null;
    }
}
