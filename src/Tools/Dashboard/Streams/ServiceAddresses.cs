using FlowPlatform.Dashboard.Resources;

namespace FlowPlatform.Dashboard.Streams;

/// <summary>One replica of a service.</summary>
/// <param name="Service">Name of the service.</param>
/// <param name="Index">Which replica, from 0, in the order that the environment names them.</param>
/// <param name="Url">Where it listens.</param>
internal sealed record ServiceAddress(string Service, int Index, Uri Url);

/// <summary>
/// Where the services are, by the names of Aspire's service discovery: <c>services__orders__http__0</c>, and so on for further replicas. <c>FLOW_ADMIN_KEY</c> opens their administrative endpoints.
/// Where an AppHost tells of its resources, a service's replicas are those that it tells of: they come and go. Safe for concurrent use.
/// </summary>
internal sealed class ServiceAddresses
{
    /// <summary>More are not asked: the sampling must stay small beside what it watches.</summary>
    private const int MaxAddresses = 200;

    private readonly IReadOnlyList<ServiceAddress> configured;
    private readonly ResourceBoard resources;

    private ServiceAddresses(IReadOnlyList<ServiceAddress> configured, string? adminKey, ResourceBoard resources) => (this.configured, AdminKey, this.resources) = (configured, adminKey, resources);

    /// <summary>All replicas of all services, ordered by name.</summary>
    public IReadOnlyList<ServiceAddress> All
    {
        get
        {
            var now = resources.Now;
            return [.. configured.GroupBy(static address => address.Service).SelectMany(same => Replicas(now, same.Key) ?? same).Take(MaxAddresses)];
        }
    }

    /// <summary>Completes when it may have changed. Take it before you look.</summary>
    public Task Next => resources.Next;

    /// <summary>Never shown; null where services have none.</summary>
    public string? AdminKey { get; }

    /// <summary>The services' names, in order.</summary>
    public IEnumerable<string> Names => All.Select(static address => address.Service).Distinct();

    /// <summary>All replicas of one service.</summary>
    public IEnumerable<ServiceAddress> Of(string service) => All.Where(address => address.Service == service);

    /// <exception cref="DashboardSettingsException">An address is none.</exception>
    public static ServiceAddresses From(IConfiguration configuration, ResourceBoard resources)
    {
        var all = new List<ServiceAddress>();
        foreach (var service in configuration.GetSection("services").GetChildren().OrderBy(static service => service.Key, StringComparer.Ordinal))
        {
            // What can't be verified by everybody's certificates is asked in the clear, as long as it may be: the addresses are of this machine or of this deployment.
            var endpoints = service.GetSection("http").GetChildren().ToList() is { Count: > 0 } plain ? plain : [.. service.GetSection("https").GetChildren()];
            all.AddRange(endpoints.Where(static endpoint => !string.IsNullOrWhiteSpace(endpoint.Value)).Select((endpoint, index) => new ServiceAddress(service.Key, index, ToUri(endpoint))));
        }

        return all.Count <= MaxAddresses
            ? new ServiceAddresses(all, configuration["FLOW_ADMIN_KEY"] is { Length: > 0 } key ? key : null, resources)
            : throw new DashboardSettingsException($"{all.Count} addresses of services are set (services__…); at most {MaxAddresses} are watched.");
    }

    /// <summary>Null where nobody tells of several.</summary>
    private static IEnumerable<ServiceAddress>? Replicas(ResourceView now, string service)
    {
        var urls = now.Find(service)?.Replicas.Select(static replica => replica.Endpoints.FirstOrDefault(static endpoint => endpoint.Name is "http")?.Url).ToList();
        return urls is { Count: > 0 } && urls.TrueForAll(static url => Uri.TryCreate(url, UriKind.Absolute, out _)) ? urls.Select((url, index) => new ServiceAddress(service, index, new Uri(url!))) : null;
    }

    private static Uri ToUri(IConfigurationSection endpoint) =>
        Uri.TryCreate(endpoint.Value, UriKind.Absolute, out var uri) && (uri.Scheme == Uri.UriSchemeHttp || uri.Scheme == Uri.UriSchemeHttps)
            ? uri
            : throw new DashboardSettingsException($"{endpoint.Path.Replace(":", "__", StringComparison.Ordinal)} is '{endpoint.Value}'; it must be an address such as http://127.0.0.1:5101.");
}
