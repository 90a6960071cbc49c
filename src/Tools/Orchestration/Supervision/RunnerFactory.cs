using Aspire.Hosting;
using Aspire.Hosting.ApplicationModel;
using FlowPlatform.Orchestration.Broker;
using FlowPlatform.Orchestration.Display;
using FlowPlatform.Orchestration.Processes;
using FlowPlatform.Orchestration.Watching;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace FlowPlatform.Orchestration.Supervision;

/// <summary>Makes who supervises a resource, and keeps what resources write.</summary>
internal sealed class RunnerFactory(
    ResourceNotificationService notifications, DistributedApplicationExecutionContext execution, OrchestratorSettings settings, DashboardLink dashboard,
    SecretMask mask, ResourceView view, TimeProvider time) : IDisposable
{
    private readonly Lock gate = new();
    private readonly Dictionary<string, ResourceLog> logs = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>Processes of ours, so that a killed AppHost's are found by the next.</summary>
    public ProcessJournal Journal { get; } = new(Path.Combine(settings.DataDirectory, "processes"));

    /// <summary>What projects run from while their sources are watched; else null, and they run from where they were built.</summary>
    public BuildOutputs? Outputs { get; } = settings.Watch ? new(Path.Combine(settings.DataDirectory, "watch")) : null;

    /// <summary>Null for what needs none: values, and what its replicas run for.</summary>
    public ResourceRunner? Make(IResource resource)
    {
        switch (resource)
        {
            case ProjectResource when resource.IsReplicated():
                return null;
            case ProjectResource project when settings.Without.Contains(project.Name):
                return new LeftOutRunner(project, notifications, new ProjectEnvironment(project, execution, settings, dashboard, mask), settings, mask, time);
            case ProjectResource project:
                return new ProjectRunner(project, notifications, new ProjectEnvironment(project, execution, settings, dashboard, mask), mask, Journal, OpenLog(project), Outputs, time);
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
                    HealthStatus = HealthStatus.Healthy,
                });
                return null;
        }
    }

    /// <summary>Where a resource's, or a replica's, lines go; null if it writes nothing.</summary>
    public ResourceLog? LogOf(IResource resource)
    {
        lock (gate)
        {
            return logs.GetValueOrDefault(resource.Name);
        }
    }

    /// <summary>What a resource, or a replica, has written; null if it writes nothing.</summary>
    public ConsoleTail? ConsoleOf(string name)
    {
        lock (gate)
        {
            return logs.GetValueOrDefault(name)?.Lines;
        }
    }

    public void Dispose()
    {
        lock (gate)
        {
            foreach (var log in logs.Values)
            {
                log.Dispose();
            }
        }
    }

    /// <summary>One for each name: a replica that comes again goes on with its log.</summary>
    private ResourceLog OpenLog(IResource resource)
    {
        lock (gate)
        {
            if (!logs.TryGetValue(resource.Name, out var log))
            {
                logs[resource.Name] = log = new ResourceLog(settings.LogDirectory, resource.Name, mask, time);
                if (resource.Name == settings.ConsoleResource)
                {
                    log.LineAdded += PassOutput;
                }
            }
            return log;
        }
    }

    private void PassOutput(OutputLine line)
    {
        if (!line.IsError)
        {
            view.PassThrough(line.Text);
        }
    }
}
