using System.Reflection;
using FlowPlatform.Hosting;
using FlowPlatform.Storage;
using FlowPlatform.Stores;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace FlowPlatform.Tests.Support;

/// <summary>A service's real SQLite store in a directory of its own, with nothing running on it.</summary>
internal sealed class StoreFixture : IAsyncDisposable
{
    private readonly IHost host;
    private readonly DirectoryInfo directory;

    private StoreFixture(IHost host, DirectoryInfo directory)
    {
        this.host = host;
        this.directory = directory;
        Store = host.Services.GetRequiredService<IServiceStore>();
    }

    public IServiceStore Store { get; }

    public static async Task<StoreFixture> OpenAsync(string service, Assembly schema, Action<FlowBuilder>? configure = null, params string[] settings)
    {
        var directory = Directory.CreateTempSubdirectory("flow-services-");
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings { Args = [$"--FLOW_DATA={directory.FullName}", .. settings] });
        builder.AddFlow(service, flow =>
        {
            flow.UseStore(schema);
            configure?.Invoke(flow);
        });
        var fixture = new StoreFixture(builder.Build(), directory);
        await fixture.Store.OpenAsync(TestContext.Current.CancellationToken);
        return fixture;
    }

    public Task<T> WriteAsync<T>(Func<StoreTransaction, ValueTask<T>> work) => Store.WriteAsync(work, TestContext.Current.CancellationToken);

    public async ValueTask DisposeAsync()
    {
        await ((IAsyncDisposable)host).DisposeAsync();
        directory.Delete(recursive: true);
    }
}
