using Aspire.Hosting.ApplicationModel;
using FlowPlatform.Orchestration.Broker;

namespace FlowPlatform.Orchestration.Supervision;

/// <summary>The resources of the application and who supervises them. Their number changes only with the number of replicas. Safe for concurrent use.</summary>
internal sealed class RunningResources(IReadOnlyList<IResource> declared, ResourceNotificationService notifications, OrchestratorSettings settings, RunnerFactory factory) : IDisposable
{
    private readonly Lock gate = new();
    private readonly SemaphoreSlim scaling = new(1, 1);
    private IReadOnlyList<IResource> resources = declared;
    private IReadOnlyList<ResourceRunner> runners = [];
    private bool closed;

    /// <summary>With replicas, behind the one that they are replicas of.</summary>
    public IReadOnlyList<IResource> Resources
    {
        get
        {
            lock (gate)
            {
                return resources;
            }
        }
    }

    public IReadOnlyList<ResourceRunner> Runners
    {
        get
        {
            lock (gate)
            {
                return runners;
            }
        }
    }

    /// <summary>One that was declared, or a replica.</summary>
    public IResource? Find(string name) => Resources.FirstOrDefault(resource => string.Equals(resource.Name, name, StringComparison.OrdinalIgnoreCase));

    public ResourceRunner? RunnerOf(IResource resource) => Runners.FirstOrDefault(runner => ReferenceEquals(runner.Resource, resource));

    public void MakeAll() => Replace(Resources, [.. Resources.Select(factory.Make).OfType<ResourceRunner>()]);

    /// <summary>The runners, to which no other is added from now on.</summary>
    public IReadOnlyList<ResourceRunner> Close()
    {
        lock (gate)
        {
            closed = true;
            return runners;
        }
    }

    /// <summary>
    /// Runs a project in so many processes. From one to several the one is stopped and started again as the first replica, at the same address; further ones have addresses of their own,
    /// which others learn with their next start. Fewer: those with the highest numbers end.
    /// </summary>
    /// <exception cref="ResourceCommandException">It can't run in so many.</exception>
    public async Task SetReplicasAsync(IResource resource, int count, CancellationToken cancellationToken)
    {
        var max = settings.MaxReplicas.GetValueOrDefault(resource.Name, 1);
        if (resource is not ProjectResource project || max == 1)
        {
            throw new ResourceCommandException(CommandFault.NotPossible, $"{resource.Name} runs in one process: several need a store that they can share (--stores postgres).");
        }
        if (count < 1 || count > max)
        {
            throw new ResourceCommandException(CommandFault.BadRequest, $"{resource.Name} may have 1 to {max} replicas, not {count}.");
        }
        await scaling.WaitAsync(cancellationToken);
        try
        {
            var now = project.RunningReplicas();
            if (now.Count == 0 && count == 1)
            {
                return;
            }
            if (now.Count == 0)
            {
                await DivideAsync(project, cancellationToken);
                now = project.RunningReplicas();
            }
            foreach (var surplus in now.Skip(count).Reverse())
            {
                await RemoveAsync(project, surplus, cancellationToken);
            }
            for (var number = now.Count + 1; number <= count; number++)
            {
                var replica = Replicas.Make(project, number);
                Allocate(replica);
                Add(project, replica);
            }
            WriteEndpoints();
            await notifications.PublishDeclaredAsync(project.RunningReplicas()[0]);
        }
        finally
        {
            scaling.Release();
        }
    }

    public void WriteEndpoints() => EndpointFile.Write(settings.DataDirectory, Resources);

    public void Dispose()
    {
        foreach (var runner in Runners)
        {
            runner.Dispose();
        }
        scaling.Dispose();
    }

    /// <summary>What ran by itself becomes the first of several, at its address.</summary>
    private async Task DivideAsync(ProjectResource project, CancellationToken cancellationToken)
    {
        if (RunnerOf(project) is { } alone)
        {
            await alone.EndByCommandAsync(cancellationToken);
            Replace(Resources, [.. Runners.Where(runner => runner != alone)]);
            alone.Dispose();
        }
        var first = Replicas.Make(project, 1);
        foreach (var endpoint in first.Annotations.OfType<EndpointAnnotation>())
        {
            var before = project.Annotations.OfType<EndpointAnnotation>().Single(other => other.Name == endpoint.Name);
            (endpoint.AllocatedPort, endpoint.DetourPort) = (before.AllocatedPort, before.DetourPort);
        }
        Add(project, first);
    }

    private void Add(ProjectResource project, ProjectResource replica)
    {
        Replicas.Set(project, [.. project.RunningReplicas(), replica]);
        lock (gate)
        {
            if (closed)
            {
                throw new ResourceCommandException(CommandFault.Stopping, "The application stops.");
            }
            var runner = factory.Make(replica)!;
            var behind = resources.ToList();
            behind.Insert(behind.FindLastIndex(other => ReferenceEquals(other.Declared(), project)) + 1, replica);
            (resources, runners) = (behind, [.. runners, runner]);
            runner.Start();
        }
    }

    private async Task RemoveAsync(ProjectResource project, ProjectResource replica, CancellationToken cancellationToken)
    {
        var runner = RunnerOf(replica);
        if (runner is not null)
        {
            await runner.EndByCommandAsync(cancellationToken);
        }
        Replicas.Set(project, [.. project.RunningReplicas().Where(other => other != replica)]);
        Replace([.. Resources.Where(other => other != replica)], [.. Runners.Where(other => other != runner)]);
        runner?.Dispose();
        notifications.Forget(replica);
    }

    private static void Allocate(ProjectResource replica)
    {
        var endpoints = replica.Annotations.OfType<EndpointAnnotation>().ToArray();
        var free = LoopbackPorts.Take(endpoints.Length);
        for (var i = 0; i < endpoints.Length; i++)
        {
            endpoints[i].AllocatedPort = free[i];
        }
    }

    private void Replace(IReadOnlyList<IResource> newResources, IReadOnlyList<ResourceRunner> newRunners)
    {
        lock (gate)
        {
            if (closed)
            {
                throw new ResourceCommandException(CommandFault.Stopping, "The application stops.");
            }
            (resources, runners) = (newResources, newRunners);
        }
    }
}
