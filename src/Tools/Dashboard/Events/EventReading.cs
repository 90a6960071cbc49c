namespace FlowPlatform.Dashboard.Events;

/// <summary>Registers what reads events for people.</summary>
internal static class EventReading
{
    public static void AddEventReading(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddSingleton(EventLimits.From(configuration));
        services.AddSingleton<RateCap>();
        services.AddSingleton<EventScan>();
        services.AddSingleton<StreamBrowser>();
        services.AddSingleton<CausationSearch>();
        services.AddSingleton<AppliedBy>();
        services.AddSingleton<ContractCatalog>();
        services.AddHostedService(static provider => provider.GetRequiredService<ContractCatalog>());
    }
}
