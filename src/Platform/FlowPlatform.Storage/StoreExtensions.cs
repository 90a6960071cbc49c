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
        return flow;
    }
}
