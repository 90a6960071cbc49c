using Aspire.Hosting;
using Aspire.Hosting.ApplicationModel;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace FlowPlatform.AppHost;

/// <summary>Runs the application until it is stopped or the simulator ends, and says with which code.</summary>
internal static class AppHostRun
{
    private const int Failure = 1;
    private const int Interrupted = 130;

    public static async Task<int> RunAsync(
        DistributedApplication app, AppHostFlags flags, IResourceBuilder<ParameterResource> adminKey, BrokerResource broker, StoresResource stores,
        DashboardResource? dashboard, IResourceBuilder<ProjectResource> simulator, IReadOnlyList<IResourceBuilder<ProjectResource>> services)
    {
        using var over = new CancellationTokenSource();
        var file = new RunFile(flags.DataDirectory);
        try
        {
            await using (app)
            {
                var notifications = app.ResourceNotifications;
                // When the application is stopped, the simulator ends, too; only an end of its own counts.
                var stopping = app.Services.GetRequiredService<IHostApplicationLifetime>().ApplicationStopping;
                var running = app.RunAsync(over.Token);
                var announced = AnnounceAsync(app, file, adminKey, broker, stores, dashboard, services, [.. services, simulator], over.Token);
                var ended = notifications.WaitForResourceAsync(simulator.Resource.Name, change => HasEnded(change.Snapshot), stopping);
                await Task.WhenAny(running, ended);
                await over.CancelAsync();
                await running;
                await UntilCancelledAsync(announced);
                return ended.IsCompletedSuccessfully ? ExitCodeOf(await ended) : flags.UntilDone ? Interrupted : 0;
            }
        }
        catch (DistributedApplicationException e)
        {
            await Console.Error.WriteLineAsync(e.Message);
            return Failure;
        }
        finally
        {
            file.Remove();
        }
    }

    /// <summary>Tells tools where everything is, once the services are ready, and again when replicas have come or gone.</summary>
    private static async Task AnnounceAsync(
        DistributedApplication app, RunFile file, IResourceBuilder<ParameterResource> adminKey, BrokerResource broker,
        StoresResource stores, DashboardResource? dashboard, IReadOnlyList<IResourceBuilder<ProjectResource>> awaited, IReadOnlyList<IResourceBuilder<ProjectResource>> announced, CancellationToken cancellationToken)
    {
        var notifications = app.ResourceNotifications;
        foreach (var service in awaited)
        {
            await notifications.WaitForResourceHealthyAsync(service.Resource.Name, cancellationToken);
        }
        while (true)
        {
            var urls = announced.ToDictionary(service => service, HostMode.UrlsOf);
            await WriteAsync(urls);
            using var changed = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            await await Task.WhenAny(urls.Select(known => HostMode.WaitForOtherUrlsAsync(known.Key, notifications, known.Value, changed.Token)));
            await changed.CancelAsync();
        }

        async Task WriteAsync(Dictionary<IResourceBuilder<ProjectResource>, IReadOnlyList<string>> urls) => file.Write(new RunningAppHost(
            Environment.ProcessId,
            urls.ToDictionary(url => url.Key.Resource.Name, url => RunningAppHost.OneOrAll(url.Value)),
            await AddressAsync(broker.Amqp),
            await AddressAsync(broker.Stream),
            await adminKey.Resource.GetValueAsync(cancellationToken),
            await AddressAsync(broker.Log),
            stores.Kind,
            await stores.AddressAsync(cancellationToken),
            dashboard is null ? null : await dashboard.LoginAddressAsync(cancellationToken),
            HostMode.ResourcesOf(app)));

        async Task<string?> AddressAsync(IResourceBuilder<IResourceWithConnectionString>? resource) =>
            resource is null ? null : await resource.Resource.GetConnectionStringAsync(cancellationToken);
    }

    /// <summary>By itself: what a user stops has no exit code, and may be started again.</summary>
    private static bool HasEnded(CustomResourceSnapshot snapshot) => snapshot.State?.Text is { } state
        && (state == KnownResourceStates.FailedToStart || ((state == KnownResourceStates.Finished || state == KnownResourceStates.Exited) && snapshot.ExitCode is not null));

    private static int ExitCodeOf(ResourceEvent end) => end.Snapshot.ExitCode ?? Failure;

    private static async Task UntilCancelledAsync(Task task)
    {
        try
        {
            await task;
        }
        catch (OperationCanceledException)
        {
            // The application ended before everything was ready: there was nothing to announce.
        }
    }
}
