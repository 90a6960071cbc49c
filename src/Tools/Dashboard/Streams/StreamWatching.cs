using FlowPlatform.Dashboard.Events;
using FlowPlatform.Dashboard.Parked;
using FlowPlatform.Dashboard.Resources;

namespace FlowPlatform.Dashboard.Streams;

/// <summary>Registers what watches services and log, reads events, and reaches parked keys.</summary>
internal static class StreamWatching
{
    public static void AddStreamWatching(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddSingleton(provider => ServiceAddresses.From(configuration, provider.GetRequiredService<ResourceBoard>()));
        services.AddSingleton(HistoryOptions.From(configuration));
        services.AddSingleton(provider => LogConnection.From(configuration, provider.GetRequiredService<TimeProvider>()));
        services.AddSingleton<ServiceClient>();
        services.AddSingleton<FlowBoard>();
        services.AddSingleton<HistoryReader>();
        services.AddSingleton<HistoryWriter>();
        services.AddSingleton<FlowViews>();
        services.AddHostedService(static provider => provider.GetRequiredService<HistoryWriter>());
        services.AddHostedService<StatusSampler>();
        services.AddHostedService<LogSampler>();
        services.AddEventReading(configuration);
        services.AddSingleton<ParkedClient>();
    }
}
