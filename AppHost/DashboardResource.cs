using Aspire.Hosting;
using Aspire.Hosting.ApplicationModel;

namespace FlowPlatform.AppHost;

/// <summary>The process whose pages show the system, and what opens them.</summary>
/// <param name="Project">It is no part of the system: nothing waits for it, and whatever becomes of it, services go on.</param>
/// <param name="Token">What the link carries: generated once, kept with the data.</param>
/// <param name="TelemetryKey">What services send with their telemetry.</param>
internal sealed record DashboardResource(
    IResourceBuilder<ProjectResource> Project, IResourceBuilder<ParameterResource> Token, IResourceBuilder<ParameterResource> TelemetryKey)
{
    /// <summary>Opens the pages: whoever has it is logged in. Addresses are known once the application runs.</summary>
    public async Task<string> LoginAddressAsync(CancellationToken cancellationToken) =>
        $"{Project.GetEndpoint("http").Url}/login?t={Uri.EscapeDataString((await Token.Resource.GetValueAsync(cancellationToken))!)}";
}

internal static class DashboardExtensions
{
    private const int SecretLength = 32;

    /// <summary>The dashboard, unless it isn't wanted. It may read the streams, and ask services what only administrators may.</summary>
    public static DashboardResource? AddDashboard(this IDistributedApplicationBuilder builder, AppHostFlags flags, IResourceBuilder<ParameterResource> adminKey, BrokerResource broker)
    {
        if (!flags.Dashboard)
        {
            return null;
        }
        var token = Secret("dashboard-token");
        var telemetryKey = Secret("otlp-key");
        var project = builder.AddProject<Projects.Dashboard>("dashboard", launchProfileName: null)
            .WithEnvironment("FLOW_DATA", Path.Combine(flags.DataDirectory, "dashboard"))
            .WithEnvironment("FLOW_ADMIN_KEY", adminKey);
        var dashboard = new DashboardResource(project, token, telemetryKey);
        HostMode.Connect(builder, dashboard);
        project.WithExternalHttpEndpoints();
        // It isn't waited for: pages that say that the broker starts are better than none.
        project.WithBroker(broker with { Awaited = null });
        return dashboard;

        IResourceBuilder<ParameterResource> Secret(string name) =>
            builder.AddParameter(name, new GenerateParameterDefault { MinLength = SecretLength, Special = false }, secret: true, persist: true);
    }

    /// <summary>What the dashboard asks this service, it asks at this address; and the service sends it its telemetry.</summary>
    public static IResourceBuilder<ProjectResource> WithDashboard(this IResourceBuilder<ProjectResource> service, DashboardResource? dashboard)
    {
        if (dashboard is not null)
        {
            dashboard.Project.WithReference(service);
            HostMode.SendTelemetry(service, dashboard);
        }
        return service;
    }
}
