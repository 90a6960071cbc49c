namespace FlowPlatform.Dashboard.Resources;

internal static class ResourceWatching
{
    /// <summary>Knows the resources, if there is an AppHost that tells.</summary>
    /// <exception cref="DashboardSettingsException">A setting is wrong.</exception>
    public static void AddResourceWatching(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddSingleton(ResourceSettings.From(configuration));
        services.AddSingleton<ResourceClient>();
        services.AddSingleton<ResourceBoard>();
        services.AddSingleton<ConsoleFeeds>();
        services.AddHostedService<ResourceWatch>();
    }
}
