using Aspire.Hosting;
using Aspire.Hosting.ApplicationModel;
using FlowPlatform.Orchestration.Broker;
using FlowPlatform.Orchestration.Display;
using FlowPlatform.Orchestration.Processes;
using Microsoft.Extensions.Hosting;

namespace FlowPlatform.Orchestration.Supervision;

/// <summary>Starts every resource's supervision and stops all of it, dependents before what they depend on, within 9 s.</summary>
internal sealed class Orchestrator(
    IReadOnlyList<IResource> resources, ResourceNotificationService notifications, DistributedApplicationExecutionContext execution,
    OrchestratorSettings settings, SecretMask mask, ResourceView view, TimeProvider time) : IHostedService, IAsyncDisposable
{
    private static readonly TimeSpan StopLimit = TimeSpan.FromSeconds(9);

    private readonly List<ResourceRunner> runners = [];
    private readonly List<ResourceLog> logs = [];
    private readonly ProcessJournal journal = new(Path.Combine(settings.DataDirectory, "processes"));
    private IReadOnlyList<IReadOnlyList<ResourceRunner>> waves = [];
    private DataDirectoryLock? held;

    public Task StartAsync(CancellationToken cancellationToken)
    {
        held = DataDirectoryLock.Acquire(settings.DataDirectory);
        foreach (var left in journal.Sweep())
        {
            view.Note($"Ended {left}, left behind by an AppHost that was killed.");
        }
        AllocatePorts();
        foreach (var resource in resources)
        {
            if (MakeRunner(resource) is { } runner)
            {
                runners.Add(runner);
            }
        }
        waves = StopOrder.Of(runners); // a circle of waits is an error now, not a silent standstill
        view.Start();
        runners.ForEach(runner => runner.Start());
        return Task.CompletedTask;
    }

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        var started = time.GetTimestamp();
        for (var i = 0; i < waves.Count; i++)
        {
            // What earlier waves didn't use is there for later ones; one second of each share is for the kill.
            var share = (StopLimit - time.GetElapsedTime(started)) / (waves.Count - i);
            var grace = share > TimeSpan.FromSeconds(1) ? share - TimeSpan.FromSeconds(1) : TimeSpan.Zero;
            await Task.WhenAll(waves[i].Select(runner => runner.StopAsync(grace)));
        }
        await view.DisposeAsync();
    }

    /// <summary>Kills everything at once.</summary>
    public void Kill() => runners.ForEach(runner => runner.Kill());

    public ValueTask DisposeAsync()
    {
        runners.ForEach(runner => runner.Dispose());
        runners.Clear();
        logs.ForEach(log => log.Dispose());
        held?.Dispose();
        return ValueTask.CompletedTask;
    }

    /// <summary>All before anything starts: services refer to each other in circles.</summary>
    private void AllocatePorts()
    {
        var all = resources.SelectMany(resource => resource.Annotations.OfType<EndpointAnnotation>()).ToArray();
        var endpoints = Array.FindAll(all, endpoint => endpoint.Replicas.Count == 0);
        var free = LoopbackPorts.Take(endpoints.Length);
        for (var i = 0; i < endpoints.Length; i++)
        {
            endpoints[i].AllocatedPort = endpoints[i].Port ?? free[i];
        }
        foreach (var endpoint in all.Except(endpoints))
        {
            endpoint.AllocatedPort = endpoint.Replicas[0].AllocatedPort;
        }
        foreach (var ((resource, name), port) in settings.Detours)
        {
            var endpoint = resources.FirstOrDefault(other => other.Name == resource)?.Annotations.OfType<EndpointAnnotation>().FirstOrDefault(other => other.Name == name);
            (endpoint ?? throw new DistributedApplicationException($"Flow:Detours names the endpoint '{name}' of '{resource}', which isn't there.")).DetourPort = port;
        }
        EndpointFile.Write(settings.DataDirectory, resources);
    }

    private ResourceRunner? MakeRunner(IResource resource)
    {
        switch (resource)
        {
            case ProjectResource when resource.IsReplicated():
                return null;
            case ProjectResource project:
                return new ProjectRunner(project, notifications, new ProjectEnvironment(project, execution, settings, mask), mask, journal, OpenLog(project), time);
            case RabbitMQServerResource server:
                return new BrokerRunner(server, notifications, settings, mask, OpenLog(server), time);
            case PostgresServerResource postgres:
                return new PostgresRunner(postgres, notifications, settings, mask, OpenLog(postgres), time);
            case IResourceWithConnectionString when resource.Annotations.OfType<ServiceDatabaseAnnotation>().FirstOrDefault() is { } database:
                return new ServiceDatabaseRunner(resource, database, notifications, mask, time);
            case IResourceWithConnectionString given when given.Annotations.OfType<ExternalBrokerAnnotation>().FirstOrDefault() is { } external:
                return new ExternalBrokerRunner(given, external.Stream, notifications, mask, time);
            default:
                // Parameters and connection strings are values: there from the beginning.
                _ = notifications.PublishUpdateAsync(resource, snapshot => snapshot with
                {
                    State = new ResourceStateSnapshot(KnownResourceStates.Running, KnownResourceStateStyles.Success),
                    HealthStatus = Microsoft.Extensions.Diagnostics.HealthChecks.HealthStatus.Healthy,
                });
                return null;
        }
    }

    private ResourceLog OpenLog(IResource resource)
    {
        var log = new ResourceLog(settings.LogDirectory, resource.Name, mask, time);
        logs.Add(log);
        if (resource.Name == settings.ConsoleResource)
        {
            log.LineAdded += line =>
            {
                if (!line.IsError)
                {
                    view.PassThrough(line.Text);
                }
            };
        }
        return log;
    }
}
