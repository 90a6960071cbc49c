using System.Globalization;
using System.Security.Cryptography;
using Aspire.Hosting;
using Aspire.Hosting.ApplicationModel;

namespace FlowPlatform.Orchestration.Supervision;

/// <summary>What connects services, the resource service and the project that shows all of them; without such a project, what the configuration says.</summary>
internal sealed class DashboardLink
{
    private readonly OrchestratorSettings settings;
    private readonly DashboardAnnotation? annotation;
    private readonly SecretMask mask;

    public DashboardLink(IReadOnlyList<IResource> resources, OrchestratorSettings settings, SecretMask mask, TimeProvider time)
    {
        this.settings = settings;
        this.mask = mask;
        var found = resources.OfType<ProjectResource>().Where(project => project.Annotations.OfType<DashboardAnnotation>().Any()).ToArray();
        Resource = found.Length <= 1 ? found.FirstOrDefault() : throw new DistributedApplicationException($"There is one dashboard, not {string.Join(", ", found.Select(project => project.Name))}.");
        annotation = Resource?.Annotations.OfType<DashboardAnnotation>().First();
        Instance = string.Create(CultureInfo.InvariantCulture, $"{time.GetUtcNow():yyyyMMdd'T'HHmmss'Z'}-{RandomNumberGenerator.GetHexString(6, lowercase: true)}");
    }

    public ProjectResource? Resource { get; }

    /// <summary>Where its pages are; null without a dashboard.</summary>
    public EndpointAnnotation? Pages => Resource?.Annotations.OfType<EndpointAnnotation>().First(static endpoint => endpoint.Name == "http");

    /// <summary>This run of the AppHost: letters, digits and dashes.</summary>
    public string Instance { get; }

    /// <summary>What clients of the resource service must send; known to this process and to the dashboard only.</summary>
    public string ResourceKey { get; } = RandomNumberGenerator.GetHexString(64, lowercase: true);

    /// <summary>Where the resource service listens, once it does.</summary>
    public Uri? ResourceAddress { get; set; }

    /// <summary>Where services send telemetry: where the configuration says, else to the dashboard, else nowhere.</summary>
    public async Task<TelemetrySettings> TelemetryAsync(CancellationToken cancellationToken)
    {
        if (annotation is null || settings.Telemetry.HasCollector)
        {
            return settings.Telemetry;
        }
        return settings.Telemetry with
        {
            Endpoint = $"http://{await HostAndPortAsync(DashboardExtensions.GrpcEndpoint, cancellationToken)}",
            Protocol = "grpc",
            Headers = $"x-otlp-api-key={await annotation.TelemetryKey.GetValueAsync(cancellationToken)}",
        };
    }

    /// <summary>What the dashboard itself is told, by Aspire's names where it has them.</summary>
    public async Task<Dictionary<string, string?>> OwnVariablesAsync(CancellationToken cancellationToken)
    {
        mask.Add(ResourceKey);
        return new Dictionary<string, string?>
        {
            ["ASPIRE_DASHBOARD_OTLP_ENDPOINT_URL"] = $"http://{await HostAndPortAsync(DashboardExtensions.GrpcEndpoint, cancellationToken)}",
            ["ASPIRE_DASHBOARD_OTLP_HTTP_ENDPOINT_URL"] = $"http://{await HostAndPortAsync(DashboardExtensions.HttpEndpoint, cancellationToken)}",
            ["DASHBOARD__OTLP__PRIMARYAPIKEY"] = await annotation!.TelemetryKey.GetValueAsync(cancellationToken),
            ["DASHBOARD__FRONTEND__BROWSERTOKEN"] = await annotation.Token.GetValueAsync(cancellationToken),
            ["FLOW_DATA"] = Path.Combine(settings.DataDirectory, Resource!.Name),
            ["FLOW_RUN"] = Instance,
            ["FLOW_RESOURCE_URL"] = ResourceAddress?.ToString(),
            ["FLOW_RESOURCE_KEY"] = ResourceKey,
            // Its own telemetry would be about itself.
            ["OTEL_EXPORTER_OTLP_ENDPOINT"] = null,
        };
    }

    /// <summary>Opens the pages: whoever has it is logged in.</summary>
    public async Task<string> LoginAddressAsync(CancellationToken cancellationToken) =>
        $"{new EndpointReference(Resource!, "http").Url}/login?t={Uri.EscapeDataString((await annotation!.Token.GetValueAsync(cancellationToken))!)}";

    private async Task<string?> HostAndPortAsync(string endpoint, CancellationToken cancellationToken) =>
        await new EndpointReference(Resource!, endpoint).Property(EndpointProperty.HostAndPort).GetValueAsync(cancellationToken);
}
