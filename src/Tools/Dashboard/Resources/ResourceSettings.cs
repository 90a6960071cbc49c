namespace FlowPlatform.Dashboard.Resources;

/// <summary>Where resources are told about and commanded: <c>FLOW_RESOURCE_URL</c> and <c>FLOW_RESOURCE_KEY</c>, which the AppHost sets.</summary>
/// <param name="Url">Null where nobody tells: another orchestrator runs the system.</param>
/// <param name="Key">Never shown.</param>
internal sealed record ResourceSettings(Uri? Url, string? Key)
{
    /// <exception cref="DashboardSettingsException">The address is none, or the key is missing.</exception>
    public static ResourceSettings From(IConfiguration configuration)
    {
        var url = configuration["FLOW_RESOURCE_URL"];
        if (string.IsNullOrWhiteSpace(url))
        {
            return new ResourceSettings(null, null);
        }

        if (!Uri.TryCreate(url, UriKind.Absolute, out var address) || address.Scheme is not ("http" or "https"))
        {
            throw new DashboardSettingsException($"FLOW_RESOURCE_URL is '{url}'; it must be an address such as http://127.0.0.1:21000.");
        }

        return configuration["FLOW_RESOURCE_KEY"] is { Length: > 0 } key
            ? new ResourceSettings(address, key)
            : throw new DashboardSettingsException("FLOW_RESOURCE_URL is set, but FLOW_RESOURCE_KEY is not: the AppHost that listens there says it.");
    }
}
