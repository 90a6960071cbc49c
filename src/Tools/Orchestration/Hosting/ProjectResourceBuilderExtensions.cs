using Aspire.Hosting.ApplicationModel;

namespace Aspire.Hosting;

public static class ProjectResourceBuilderExtensions
{
    /// <summary>A project that the AppHost references. Locally its built assembly is run, launch profiles are not read.</summary>
    public static IResourceBuilder<ProjectResource> AddProject<TProject>(this IDistributedApplicationBuilder builder, string name)
        where TProject : IProjectMetadata, new() => builder.AddProject<TProject>(name, launchProfileName: null);

    /// <summary>A project without launch profile: what it serves is said by <c>WithHttpEndpoint</c>.</summary>
    public static IResourceBuilder<ProjectResource> AddProject<TProject>(this IDistributedApplicationBuilder builder, string name, string? launchProfileName)
        where TProject : IProjectMetadata, new()
    {
        if (launchProfileName is not null)
        {
            throw new DistributedApplicationException($"Project '{name}': launch profiles are not read by the local orchestrator; pass null and say WithHttpEndpoint().");
        }
        var project = new ProjectResource(name);
        project.Annotations.Add(new TProject());
        return builder.AddResource(project);
    }

    /// <summary>
    /// Runs the project in so many processes, each with ports of its own. A reference to it gets all of their addresses; who waits for it waits for all of them.
    /// </summary>
    public static IResourceBuilder<ProjectResource> WithReplicas(this IResourceBuilder<ProjectResource> builder, int replicas)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(replicas, 1);
        builder.Resource.Annotations.Add(new ReplicasAnnotation(replicas));
        return builder;
    }
}
