using Aspire.Hosting.ApplicationModel;
using FlowPlatform.Orchestration.Testing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Aspire.Hosting;

/// <summary>
/// The application: starting it starts its resources in dependency order and supervises them; stopping it ends all of them within 10 s. In a test, its entry point runs it, when the test starts it,
/// and ends when the test stops or disposes it.
/// </summary>
public sealed class DistributedApplication : IHost, IAsyncDisposable
{
    /// <summary>An entry point may do something of its own after its application has stopped.</summary>
    private static readonly TimeSpan EntryPointLimit = TimeSpan.FromSeconds(30);

    private readonly IHost host;
    private readonly EntryPointRun? run;
    private bool isEnded;

    internal DistributedApplication(IHost host, EntryPointRun? run)
    {
        this.host = host;
        this.run = run;
    }

    public IServiceProvider Services => host.Services;

    public ResourceNotificationService ResourceNotifications => Services.GetRequiredService<ResourceNotificationService>();

    private bool IsCalledByTest => run is not null && EntryPointRun.Current is null;

    /// <param name="args">The command line: configuration, as <c>--key value</c> or <c>--key=value</c>.</param>
    public static IDistributedApplicationBuilder CreateBuilder(string[] args) => CreateBuilder(new DistributedApplicationOptions { Args = args });

    public static IDistributedApplicationBuilder CreateBuilder(DistributedApplicationOptions options) => new DistributedApplicationBuilder(options);

    /// <exception cref="DistributedApplicationException">The data directory is in use by another AppHost.</exception>
    public Task StartAsync(CancellationToken cancellationToken = default) =>
        run is null ? host.StartAsync(cancellationToken)
        : IsCalledByTest ? run.StartAsync(cancellationToken)
        : run.StartAsync(host.StartAsync, cancellationToken);

    /// <exception cref="TimeoutException">In a test: the entry point does not end within 30 s.</exception>
    public Task StopAsync(CancellationToken cancellationToken = default) => IsCalledByTest ? EndAsync(cancellationToken) : host.StopAsync(cancellationToken);

    /// <summary>Starts, waits for Ctrl-C, SIGTERM or the token, and stops.</summary>
    /// <exception cref="DistributedApplicationException">The data directory is in use by another AppHost.</exception>
    public async Task RunAsync(CancellationToken cancellationToken = default)
    {
        try
        {
            await StartAsync(cancellationToken);
            await host.WaitForShutdownAsync(cancellationToken);
        }
        finally
        {
            await DisposeAsync();
        }
    }

    /// <summary>In a test, use <see cref="DisposeAsync"/>: this doesn't wait for processes to end.</summary>
    public void Dispose()
    {
        if (IsCalledByTest)
        {
            _ = DisposeAsync().AsTask();
        }
        else
        {
            host.Dispose();
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (IsCalledByTest)
        {
            if (isEnded)
            {
                return;
            }
            await EndAsync(CancellationToken.None);
            isEnded = true;
            run!.Dispose();
        }
        await ((IAsyncDisposable)host).DisposeAsync();
    }

    private async Task EndAsync(CancellationToken cancellationToken)
    {
        if (!isEnded)
        {
            run!.Stop();
            await run.EndAsync().WaitAsync(EntryPointLimit, TimeProvider.System, cancellationToken);
        }
    }
}
