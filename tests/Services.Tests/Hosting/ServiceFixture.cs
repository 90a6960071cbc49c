using System.Reflection;
using FlowPlatform.Hosting;
using FlowPlatform.Log;
using FlowPlatform.Storage;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace FlowPlatform.Tests.Support;

/// <summary>A whole service on Kestrel, on a free port of the loopback, with its real store and a log in memory.</summary>
internal sealed class ServiceFixture : IAsyncDisposable
{
    private readonly WebApplication app;
    private readonly DirectoryInfo directory;

    private ServiceFixture(WebApplication app, DirectoryInfo directory, MemoryEventLog log)
    {
        this.app = app;
        this.directory = directory;
        Log = log;
        Client = new HttpClient { BaseAddress = new Uri(app.Urls.Single()) };
    }

    public MemoryEventLog Log { get; }

    public HttpClient Client { get; }

    /// <param name="build">The service, e.g. <c>OrdersApp.Build</c>.</param>
    /// <param name="schema">Its assembly.</param>
    /// <param name="foreign">Streams of other services that must exist.</param>
    public static Task<ServiceFixture> StartAsync(Func<string[], Action<FlowBuilder>, WebApplication> build, Assembly schema, params string[] foreign) =>
        StartAsync(build, schema, [], foreign);

    /// <param name="build">The service.</param>
    /// <param name="schema">Its assembly.</param>
    /// <param name="settings">As on a command line, e.g. <c>--FLOW_OUTBOX_LIMIT=10</c>.</param>
    /// <param name="foreign">Streams of other services that must exist.</param>
    public static async Task<ServiceFixture> StartAsync(
        Func<string[], Action<FlowBuilder>, WebApplication> build, Assembly schema, IReadOnlyList<string> settings, IReadOnlyList<string> foreign)
    {
        var cancellationToken = TestContext.Current.CancellationToken;
        var log = new MemoryEventLog();
        foreach (var stream in foreign)
        {
            await log.EnsureStreamAsync(new StreamDefinition(stream, 3), cancellationToken);
        }

        var directory = Directory.CreateTempSubdirectory("flow-services-");
        var app = build(
            [$"--FLOW_DATA={directory.FullName}", "--urls=http://127.0.0.1:0", "--environment=Production", .. settings],
            flow =>
            {
                flow.UseStore(schema).Services.AddSingleton<IEventLog>(log);
                flow.Services.AddLogging(logging => logging.ClearProviders());
            });
        await app.StartAsync(cancellationToken);
        return new ServiceFixture(app, directory, log);
    }

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await app.StopAsync(CancellationToken.None);
        await app.DisposeAsync();
        directory.Delete(recursive: true);
    }
}
