using System.Globalization;
using Aspire.Hosting;
using Aspire.Hosting.ApplicationModel;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace FlowPlatform.Orchestration.Supervision;

/// <summary>Projects that run in several processes: a resource for each process, named <c>inventory-1</c> and so on, and one with the state of all of them.</summary>
internal static class Replicas
{
    /// <summary>The resources with a resource for every replica, behind the one that they are replicas of.</summary>
    /// <exception cref="DistributedApplicationException">A replica can't have its name, or its port.</exception>
    public static List<IResource> Expand(IReadOnlyList<IResource> resources)
    {
        List<IResource> expanded = [];
        foreach (var resource in resources)
        {
            expanded.Add(resource);
            if (resource is not ProjectResource project)
            {
                continue;
            }
            project.Annotations.Add(new ReplicatedAnnotation());
            if (project.Annotations.OfType<ReplicasAnnotation>().LastOrDefault() is { Count: > 1 and var count })
            {
                var replicas = Enumerable.Range(1, count).Select(number => Make(project, number)).ToList();
                Set(project, replicas);
                expanded.AddRange(replicas);
            }
        }
        return expanded.GroupBy(resource => resource.Name, StringComparer.OrdinalIgnoreCase).FirstOrDefault(group => group.Count() > 1) is { } twice
            ? throw new DistributedApplicationException($"Two resources have the name '{twice.Key}': replicas are named after their resource and a number.")
            : expanded;
    }

    /// <summary>True if other resources run for this one.</summary>
    public static bool IsReplicated(this IResource resource) => resource.RunningReplicas().Count > 0;

    /// <summary>Those that run for it; none if it runs by itself.</summary>
    public static IReadOnlyList<ProjectResource> RunningReplicas(this IResource resource) => resource.Annotations.OfType<ReplicatedAnnotation>().FirstOrDefault()?.Replicas ?? [];

    /// <summary>The resource as it was declared.</summary>
    public static IResource Declared(this IResource resource) => resource.Annotations.OfType<ReplicaAnnotation>().FirstOrDefault()?.Of ?? resource;

    /// <summary>Publishes the state of the resource that this one is a replica of, if it is.</summary>
    public static Task PublishDeclaredAsync(this ResourceNotificationService notifications, IResource replica)
    {
        var declared = replica.Declared();
        return ReferenceEquals(declared, replica) ? Task.CompletedTask
            : notifications.PublishUpdateAsync(declared, before => Together(
                before, [.. declared.RunningReplicas().Select(other => notifications.Find(other)?.Snapshot)]));
    }

    /// <summary>From now on these run for it: their addresses are its own.</summary>
    public static void Set(ProjectResource project, IReadOnlyList<ProjectResource> replicas)
    {
        foreach (var endpoint in project.Annotations.OfType<EndpointAnnotation>())
        {
            endpoint.Replicas = [.. replicas.Select(replica => replica.Annotations.OfType<EndpointAnnotation>().Single(other => other.Name == endpoint.Name))];
        }
        project.Annotations.OfType<ReplicatedAnnotation>().Single().Replicas = replicas;
    }

    /// <summary>A replica with all that its project has but ports, not one of its replicas yet.</summary>
    /// <exception cref="DistributedApplicationException">The project has a port of its own, which can't be shared.</exception>
    public static ProjectResource Make(ProjectResource project, int number)
    {
        var replica = new ProjectResource(string.Create(CultureInfo.InvariantCulture, $"{project.Name}-{number}"));
        foreach (var annotation in project.Annotations.Where(annotation => annotation is not (ReplicasAnnotation or ReplicatedAnnotation)))
        {
            replica.Annotations.Add(annotation is not EndpointAnnotation endpoint ? annotation
                : endpoint.Port is null ? endpoint.ForReplica()
                : throw new DistributedApplicationException($"Resource '{project.Name}' has replicas, which can't share its port {endpoint.Port} (endpoint '{endpoint.Name}'): leave the port out."));
        }
        replica.Annotations.Add(new ReplicaAnnotation(project));
        return replica;
    }

    private static CustomResourceSnapshot Together(CustomResourceSnapshot before, CustomResourceSnapshot?[] replicas)
    {
        if (replicas.Length == 0)
        {
            return before;
        }
        var ready = replicas.Count(replica => replica is { IsReady: true });
        var restarts = replicas.Sum(replica => replica?.Restarts ?? 0);
        before = before with { Restarts = restarts, BuildFault = replicas.Select(replica => replica?.BuildFault).FirstOrDefault(fault => fault is not null), ProcessId = null, StartedAt = replicas.Min(replica => replica?.StartedAt), StoppedAt = null, Environment = [], HealthReports = [] };
        if (ready == replicas.Length)
        {
            return before with { State = replicas[0]!.State, HealthStatus = HealthStatus.Healthy, Reason = null, ExitCode = null };
        }
        if (replicas.All(replica => replica is { IsTerminal: true }))
        {
            var worst = replicas.FirstOrDefault(replica => replica!.State?.Text == KnownResourceStates.FailedToStart) ?? replicas.FirstOrDefault(replica => replica!.ExitCode is not (null or 0)) ?? replicas[0]!;
            return before with { State = worst.State, HealthStatus = null, Reason = worst.Reason, ExitCode = worst.ExitCode };
        }
        var runs = replicas.FirstOrDefault(replica => replica is { IsUp: true });
        return before with
        {
            State = runs?.State ?? replicas.First(replica => replica is { IsTerminal: false } or null)?.State ?? new ResourceStateSnapshot(KnownResourceStates.Starting, KnownResourceStateStyles.Info),
            HealthStatus = runs is null ? null : HealthStatus.Unhealthy,
            Reason = string.Create(CultureInfo.InvariantCulture, $"{ready} of {replicas.Length} replicas are ready"),
            ExitCode = null,
        };
    }
}
