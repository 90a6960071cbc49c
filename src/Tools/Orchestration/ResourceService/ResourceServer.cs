using System.Net;
using Aspire.Hosting;
using FlowPlatform.Orchestration.Supervision;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace FlowPlatform.Orchestration.ResourceService;

/// <summary>
/// Tells a dashboard about resources and takes its commands, over HTTP on loopback. Whatever a client does, resources are not held up: it has 64 connections, requests of 4 KiB, and of what
/// changes faster than it reads it gets the newest state.
/// </summary>
internal sealed class ResourceServer(string applicationName, RunningResources running, ResourceFeed feed, ResourceDescriber describer, RunnerFactory factory, DashboardLink dashboard, TimeProvider time) : IAsyncDisposable
{
    private const int ConnectionsMax = 64;
    private const int RequestBytesMax = 4 << 10;
    private const int HeaderBytesMax = 8 << 10;
    private static readonly TimeSpan StopLimit = TimeSpan.FromSeconds(1);

    private readonly CancellationTokenSource stopping = new();
    private WebApplication? app;

    /// <summary>Where it listens, on a free port.</summary>
    /// <exception cref="DistributedApplicationException">It can't.</exception>
    public async Task<Uri> StartAsync(CancellationToken cancellationToken)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxConcurrentConnections = ConnectionsMax;
            kestrel.Limits.MaxRequestBodySize = RequestBytesMax;
            kestrel.Limits.MaxRequestHeadersTotalSize = HeaderBytesMax;
            kestrel.Listen(IPAddress.Loopback, 0);
        });
        builder.Services.AddRoutingCore();
        builder.Services.AddSingleton<IHostLifetime, NoLifetime>(); // signals are the AppHost's
        app = builder.Build();
        app.UseRouting();
        app.Use(new ResourceAccess(dashboard.ResourceKey).InvokeAsync);
        new ResourceEndpoints(applicationName, dashboard.Instance, running, feed, describer, factory, time, stopping.Token).Map(app);
        try
        {
            await app.StartAsync(cancellationToken);
        }
        catch (IOException e)
        {
            throw new DistributedApplicationException($"The resource service can't listen on 127.0.0.1: {e.Message}", e);
        }
        return new Uri(app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single());
    }

    /// <summary>Ends all streams; at most 1 s.</summary>
    public async Task StopAsync()
    {
        await stopping.CancelAsync();
        if (app is not null)
        {
            using var limit = new CancellationTokenSource(StopLimit, time);
            await app.StopAsync(limit.Token);
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (app is not null)
        {
            await app.DisposeAsync();
        }
        stopping.Dispose();
    }

    private sealed class NoLifetime : IHostLifetime
    {
        public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
