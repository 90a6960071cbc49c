using Aspire.Hosting;
using Aspire.Hosting.ApplicationModel;
using FlowPlatform.Orchestration.Supervision;

namespace FlowPlatform.Orchestration.ResourceService;

/// <summary>Says what a resource is and does, for who may see it: nothing secret.</summary>
internal sealed class ResourceDescriber(ResourceNotificationService notifications, OrchestratorSettings settings, SecretMask mask)
{
    /// <summary>Parameters and composed connection strings are values, and mostly secret ones: they are left out.</summary>
    public static bool IsShown(IResource resource) => ReferenceEquals(resource.Declared(), resource)
        && (resource is ProjectResource or ContainerResource || resource.Annotations.Any(annotation => annotation is ExternalBrokerAnnotation or ServiceDatabaseAnnotation));

    public ResourceDescription Describe(IResource resource, ResourceRunner? runner)
    {
        var snapshot = notifications.Find(resource)?.Snapshot;
        var replicas = resource.RunningReplicas();
        return new ResourceDescription
        {
            Name = resource.Name,
            Type = TypeOf(resource),
            State = snapshot?.State?.Text ?? KnownResourceStates.NotStarted,
            StateStyle = snapshot?.State?.Style,
            Health = snapshot?.HealthStatus?.ToString(),
            Reason = (snapshot?.Reason ?? snapshot?.BuildFault) is { } reason ? mask.Apply(reason) : null,
            HealthReports = [.. (snapshot?.HealthReports ?? []).Select(report => new HealthReportDescription(report.Name, report.Status?.ToString(), report.Reason is { } why ? mask.Apply(why) : null))],
            ProcessId = snapshot?.ProcessId,
            StartedAt = snapshot?.StartedAt,
            StoppedAt = snapshot?.StoppedAt,
            Restarts = snapshot?.Restarts ?? 0,
            ExitCode = snapshot?.ExitCode,
            LastEnd = snapshot?.LastEnd,
            Endpoints = [.. resource.Annotations.OfType<EndpointAnnotation>().Where(endpoint => endpoint.Url is not null).Select(endpoint => new EndpointDescription(endpoint.Name, endpoint.Url!))],
            Environment = [.. (snapshot?.Environment ?? []).Select(variable => new EnvironmentDescription(variable.Name, variable.Value, variable.IsMasked))],
            Relationships = [.. Relationships(resource)],
            MaxReplicas = resource is ProjectResource ? settings.MaxReplicas.GetValueOrDefault(resource.Name, 1) : 1,
            IsDashboard = resource.Annotations.OfType<DashboardAnnotation>().Any(),
            Commands = Commands(resource, snapshot, replicas.Count > 0 || runner is { TakesCommands: true }),
        };
    }

    private List<CommandDescription> Commands(IResource resource, CustomResourceSnapshot? snapshot, bool takesCommands)
    {
        if (!takesCommands)
        {
            return [];
        }
        var state = snapshot?.State?.Text;
        var ended = snapshot is null or { IsTerminal: true } || state == KnownResourceStates.NotStarted;
        var commands = new List<CommandDescription>
        {
            new(CommandNames.Start, ended || state == KnownResourceStates.CrashLoop),
            new(CommandNames.Stop, !ended && state != KnownResourceStates.Stopping),
            new(CommandNames.Restart, !ended && state != KnownResourceStates.Stopping),
        };
        if (settings.MaxReplicas.ContainsKey(resource.Name))
        {
            commands.Add(new CommandDescription(CommandNames.SetReplicas, state != KnownResourceStates.Stopping));
        }
        return commands;
    }

    private static IEnumerable<RelationshipDescription> Relationships(IResource resource) => resource.Annotations
        .Select(annotation => annotation switch
        {
            WaitAnnotation wait => new RelationshipDescription("WaitFor", wait.Resource.Name),
            ReferenceAnnotation reference => new RelationshipDescription("Reference", reference.Resource.Name),
            ServiceDatabaseAnnotation database => new RelationshipDescription("Parent", database.Server.Name),
            _ => null,
        })
        .OfType<RelationshipDescription>().Distinct();

    private static string TypeOf(IResource resource) => resource switch
    {
        ProjectResource => "Project",
        ContainerResource => "Container",
        _ => resource.Annotations.OfType<ServiceDatabaseAnnotation>().Any() ? "Database" : "ConnectionString",
    };
}
