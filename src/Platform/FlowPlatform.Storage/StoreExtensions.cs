using System.Reflection;
using System.Runtime.CompilerServices;
using FlowPlatform.Hosting;
using FlowPlatform.Log;
using FlowPlatform.Storage.EmbeddedLog;
using FlowPlatform.Storage.Sqlite;
using FlowPlatform.Stores;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace FlowPlatform.Storage;

/// <summary>Chooses a service's private store.</summary>
public static class StoreExtensions
{
    /// <summary>
    /// Keeps the service's stores as SQLite files in the directory that the setting <c>FLOW_DATA</c> names (default: <c>.flow/data/&lt;service&gt;</c> below the working directory).
    /// Where <c>ConnectionStrings:embedded-log</c> names a directory, the event log is there, too: an <see cref="EmbeddedEventLog"/>, shared by all services that name the same one.
    /// </summary>
    /// <param name="flow">The flow.</param>
    /// <param name="schema">Assembly with the main store's migrations (<c>Schema/main/…</c>); default: the caller's.</param>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static FlowBuilder UseStore(this FlowBuilder flow, Assembly? schema = null)
    {
        var migrations = schema ?? Assembly.GetCallingAssembly();
        var directory = flow.Configuration["FLOW_DATA"] is { Length: > 0 } configured ? configured : Path.Combine(".flow", "data", flow.Service);
        flow.Services.AddSingleton<IServiceStore>(provider => new SqliteServiceStore(
            Path.GetFullPath(directory), migrations, provider.GetRequiredService<PublishedStreams>(), provider.GetRequiredService<TimeProvider>()));
        if (flow.EmbeddedLog is { } log)
        {
            flow.Services.AddEmbeddedEventLog(log);
        }

        return flow;
    }

    /// <summary>Registers an <see cref="EmbeddedEventLog"/> in a directory as the <see cref="IEventLog"/>.</summary>
    /// <param name="services">The services; of them, <see cref="TimeProvider"/> is used.</param>
    /// <param name="directory">Where its files are; relative to the working directory.</param>
    /// <param name="configure">Has the last word on its bounds.</param>
    public static IServiceCollection AddEmbeddedEventLog(this IServiceCollection services, string directory, Action<EmbeddedEventLogOptions>? configure = null)
    {
        services.TryAddSingleton(TimeProvider.System);
        services.AddSingleton<IEventLog>(provider =>
        {
            var options = new EmbeddedEventLogOptions();
            configure?.Invoke(options);
            return new EmbeddedEventLog(directory, provider.GetRequiredService<TimeProvider>(), options);
        });
        return services;
    }
}
