using System.Globalization;
using System.Reflection;
using System.Runtime.CompilerServices;
using FlowPlatform.Hosting;
using FlowPlatform.Log;
using FlowPlatform.Storage.EmbeddedLog;
using FlowPlatform.Storage.Postgres;
using FlowPlatform.Storage.Sqlite;
using FlowPlatform.Stores;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace FlowPlatform.Storage;

/// <summary>Chooses a service's private store.</summary>
public static class StoreExtensions
{
    /// <summary>
    /// Keeps the service's stores in the Postgres database that <c>ConnectionStrings:&lt;service&gt;-db</c> names (or <c>&lt;service&gt;_db</c>, for shells), which all replicas of the service share and
    /// nobody else. Where it isn't set, they are SQLite files in the directory that the setting <c>FLOW_DATA</c> names (default: <c>.flow/data/&lt;service&gt;</c> below the working directory).
    /// Where <c>ConnectionStrings:embedded-log</c> names a directory, the event log is there, too: an <see cref="EmbeddedEventLog"/>, shared by all services that name the same one.
    /// Setting <c>FLOW_OUTBOX_LIMIT</c> is the most events that may wait for the log before decisions from outside are refused (default 500,000; see <see cref="OutboxRoom"/>).
    /// Setting <c>FLOW_LEASE</c> (seconds, default 10, Postgres only) is the longest that a partition stays with a replica that is gone; see <see cref="LeaseSettings"/>.
    /// </summary>
    /// <param name="flow">The flow.</param>
    /// <exception cref="InvalidOperationException">A setting can't be used; the message names it, and holds no password.</exception>
    /// <param name="schema">Assembly with the main store's migrations (<c>Schema/main/…</c>); default: the caller's.</param>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static FlowBuilder UseStore(this FlowBuilder flow, Assembly? schema = null)
    {
        var migrations = schema ?? Assembly.GetCallingAssembly();
        var database = flow.Configuration.GetConnectionString($"{flow.Service}-db") ?? flow.Configuration.GetConnectionString($"{flow.Service}_db".Replace('-', '_'));
        var directory = flow.Configuration["FLOW_DATA"] is { Length: > 0 } configured ? configured : Path.Combine(".flow", "data", flow.Service);
        var room = new OutboxRoom(Limit(flow.Configuration["FLOW_OUTBOX_LIMIT"]));
        if (database is { Length: > 0 })
        {
            var leases = LeaseSettings.From(flow.Configuration);
            PostgresSources.Check(database, $"ConnectionStrings:{flow.Service}-db");
            flow.Services.AddSingleton<IServiceStore>(provider => new PostgresServiceStore(
                database, migrations, provider.GetRequiredService<PublishedStreams>(), provider.GetRequiredService<TimeProvider>(), room, leases));
        }
        else
        {
            flow.Services.AddSingleton<IServiceStore>(provider => new SqliteServiceStore(
                Path.GetFullPath(directory), migrations, provider.GetRequiredService<PublishedStreams>(), provider.GetRequiredService<TimeProvider>(), room));
        }

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

    private static long Limit(string? configured) =>
        configured is not { Length: > 0 } ? OutboxRoom.DefaultLimit
        : long.TryParse(configured, NumberStyles.None, CultureInfo.InvariantCulture, out var limit) && limit > 0 ? limit
        : throw new InvalidOperationException($"FLOW_OUTBOX_LIMIT is '{configured}'. It must be a whole number of events, at least 1.");
}
