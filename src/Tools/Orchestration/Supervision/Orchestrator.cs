using Aspire.Hosting;
using Aspire.Hosting.ApplicationModel;
using FlowPlatform.Orchestration.Broker;
using FlowPlatform.Orchestration.Display;
using FlowPlatform.Orchestration.ResourceService;
using Microsoft.Extensions.Hosting;

namespace FlowPlatform.Orchestration.Supervision;

/// <summary>Starts every resource's supervision and stops all of it, dependents before what they depend on, within 9 s.</summary>
internal sealed class Orchestrator(
    RunningResources running, ResourceNotificationService notifications, OrchestratorSettings settings, RunnerFactory factory,
    DashboardLink dashboard, ResourceServer server, ResourceView view, TimeProvider time) : IHostedService, IAsyncDisposable
{
    private static readonly TimeSpan StopLimit = TimeSpan.FromSeconds(9);

    private readonly CancellationTokenSource stopping = new();
    private DataDirectoryLock? held;
    private Task announced = Task.CompletedTask;
    private bool isStarted;

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        held = DataDirectoryLock.Acquire(settings.DataDirectory);
        foreach (var left in factory.Journal.Sweep())
        {
            view.Note($"Ended {left}, left behind by an AppHost that was killed.");
        }
        AllocatePorts();
        running.MakeAll();
        StopOrder.Of(running.Runners); // a circle of waits is an error now, not a silent standstill
        dashboard.ResourceAddress = await server.StartAsync(cancellationToken);
        view.Start();
        isStarted = true;
        foreach (var runner in running.Runners)
        {
            runner.Start();
        }
        announced = AnnounceDashboardAsync(stopping.Token);
    }

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        await stopping.CancelAsync();
        var started = time.GetTimestamp();
        var waves = isStarted ? StopOrder.Of(running.Close()) : [];
        for (var i = 0; i < waves.Count; i++)
        {
            // What earlier waves didn't use is there for later ones; one second of each share is for the kill.
            var share = (StopLimit - time.GetElapsedTime(started)) / (waves.Count - i);
            var grace = share > TimeSpan.FromSeconds(1) ? share - TimeSpan.FromSeconds(1) : TimeSpan.Zero;
            await Task.WhenAll(waves[i].Select(runner => runner.StopAsync(grace)));
        }
        await announced;
        await server.StopAsync();
        await view.DisposeAsync();
    }

    /// <summary>Kills everything at once.</summary>
    public void Kill()
    {
        foreach (var runner in running.Runners)
        {
            runner.Kill();
        }
    }

    public async ValueTask DisposeAsync()
    {
        await server.DisposeAsync();
        running.Dispose();
        factory.Dispose();
        stopping.Dispose();
        held?.Dispose();
    }

    /// <summary>All before anything starts: services refer to each other in circles.</summary>
    private void AllocatePorts()
    {
        var all = running.Resources.SelectMany(resource => resource.Annotations.OfType<EndpointAnnotation>()).ToArray();
        var endpoints = Array.FindAll(all, endpoint => endpoint.Replicas.Count == 0);
        var free = LoopbackPorts.Take(endpoints.Length);
        for (var i = 0; i < endpoints.Length; i++)
        {
            endpoints[i].AllocatedPort = endpoints[i].Port ?? free[i];
        }
        if (dashboard.Pages is { Port: null } pages)
        {
            (pages.AllocatedPort, var taken) = KeptPort.Choose(settings.DataDirectory, pages.AllocatedPort!.Value);
            if (taken is not null)
            {
                view.Note($"Somebody else listens on port {taken}, where the dashboard was: this time it is at another address.");
            }
        }
        foreach (var endpoint in all.Except(endpoints))
        {
            endpoint.AllocatedPort = endpoint.Replicas[0].AllocatedPort;
        }
        foreach (var ((resource, name), port) in settings.Detours)
        {
            var endpoint = running.Resources.FirstOrDefault(other => other.Name == resource)?.Annotations.OfType<EndpointAnnotation>().FirstOrDefault(other => other.Name == name);
            (endpoint ?? throw new DistributedApplicationException($"Flow:Detours names the endpoint '{name}' of '{resource}', which isn't there.")).DetourPort = port;
        }
        running.WriteEndpoints();
    }

    /// <summary>Once, when its pages answer.</summary>
    private async Task AnnounceDashboardAsync(CancellationToken cancellationToken)
    {
        if (dashboard.Resource is not { } resource)
        {
            return;
        }
        try
        {
            await notifications.WaitForResourceHealthyAsync(resource.Name, cancellationToken);
            view.Link("Dashboard:", await dashboard.LoginAddressAsync(cancellationToken));
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // It was stopped before that.
        }
    }
}
