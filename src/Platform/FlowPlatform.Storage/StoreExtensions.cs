using System.Globalization;
using System.Reflection;
using System.Runtime.CompilerServices;
using FlowPlatform.Hosting;
using FlowPlatform.Storage.Sqlite;
using FlowPlatform.Stores;
using Microsoft.Extensions.DependencyInjection;

namespace FlowPlatform.Storage;

/// <summary>Chooses a service's private store.</summary>
public static class StoreExtensions
{
    /// <summary>
    /// Keeps the service's stores as SQLite files in the directory that the setting <c>FLOW_DATA</c> names (default: <c>.flow/data/&lt;service&gt;</c> below the working directory).
    /// Setting <c>FLOW_OUTBOX_LIMIT</c> is the most events that may wait for the log before decisions from outside are refused (default 500,000; see <see cref="OutboxRoom"/>).
    /// </summary>
    /// <param name="flow">The flow.</param>
    /// <param name="schema">Assembly with the main store's migrations (<c>Schema/main/…</c>); default: the caller's.</param>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static FlowBuilder UseStore(this FlowBuilder flow, Assembly? schema = null)
    {
        var migrations = schema ?? Assembly.GetCallingAssembly();
        var directory = flow.Configuration["FLOW_DATA"] is { Length: > 0 } configured ? configured : Path.Combine(".flow", "data", flow.Service);
        var room = new OutboxRoom(Limit(flow.Configuration["FLOW_OUTBOX_LIMIT"]));
        flow.Services.AddSingleton<IServiceStore>(provider => new SqliteServiceStore(
            Path.GetFullPath(directory), migrations, provider.GetRequiredService<PublishedStreams>(), provider.GetRequiredService<TimeProvider>(), room));
        return flow;
    }

    private static long Limit(string? configured) =>
        configured is not { Length: > 0 } ? OutboxRoom.DefaultLimit
        : long.TryParse(configured, NumberStyles.None, CultureInfo.InvariantCulture, out var limit) && limit > 0 ? limit
        : throw new InvalidOperationException($"FLOW_OUTBOX_LIMIT is '{configured}'. It must be a whole number of events, at least 1.");
}
