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
            if (resource is ProjectResource project && project.Annotations.OfType<ReplicasAnnotation>().LastOrDefault() is { Count: > 1 and var count })
            {
                var replicas = Enumerable.Range(1, count).Select(number => Make(project, number)).ToList();
                project.Annotations.Add(new ReplicatedAnnotation(replicas));
                expanded.AddRange(replicas);
            }
        }
        return expanded.GroupBy(resource => resource.Name, StringComparer.OrdinalIgnoreCase).FirstOrDefault(group => group.Count() > 1) is { } twice
            ? throw new DistributedApplicationException($"Two resources have the name '{twice.Key}': replicas are named after their resource and a number.")
            : expanded;
    }

    /// <summary>True if other resources run for this one.</summary>
    public static bool IsReplicated(this IResource resource) => resource.Annotations.OfType<ReplicatedAnnotation>().Any();

    /// <summary>The resource as it was declared.</summary>
    public static IResource Declared(this IResource resource) => resource.Annotations.OfType<ReplicaAnnotation>().FirstOrDefault()?.Of ?? resource;

    /// <summary>Publishes the state of the resource that this one is a replica of, if it is.</summary>
    public static Task PublishDeclaredAsync(this ResourceNotificationService notifications, IResource replica)
    {
        var declared = replica.Declared();
        return ReferenceEquals(declared, replica) ? Task.CompletedTask
            : notifications.PublishUpdateAsync(declared, before => Together(
                before, [.. declared.Annotations.OfType<ReplicatedAnnotation>().Single().Replicas.Select(other => notifications.Find(other)?.Snapshot)]));
    }

    private static ProjectResource Make(ProjectResource project, int number)
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
        var ready = replicas.Count(replica => replica is { IsReady: true });
        if (ready == replicas.Length)
        {
            return before with { State = replicas[0]!.State, HealthStatus = HealthStatus.Healthy, Reason = null, ExitCode = null };
        }
        if (replicas.All(replica => replica is { IsTerminal: true }))
        {
            var worst = replicas.FirstOrDefault(replica => replica!.State?.Text == KnownResourceStates.FailedToStart) ?? replicas.FirstOrDefault(replica => replica!.ExitCode is not (null or 0)) ?? replicas[0]!;
            return before with { State = worst.State, HealthStatus = null, Reason = worst.Reason, ExitCode = worst.ExitCode };
        }
        var runs = replicas.FirstOrDefault(replica => replica?.State?.Text == KnownResourceStates.Running);
        return before with
        {
            State = runs?.State ?? replicas.First(replica => replica is { IsTerminal: false } or null)?.State ?? new ResourceStateSnapshot(KnownResourceStates.Starting, KnownResourceStateStyles.Info),
            HealthStatus = runs is null ? null : HealthStatus.Unhealthy,
            Reason = string.Create(CultureInfo.InvariantCulture, $"{ready} of {replicas.Length} replicas are ready"),
            ExitCode = null,
        };
    }
}
