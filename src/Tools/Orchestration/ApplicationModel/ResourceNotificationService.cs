namespace Aspire.Hosting.ApplicationModel;

/// <summary>The state of every resource, and waiting for a state. Safe for concurrent use.</summary>
public sealed class ResourceNotificationService
{
    private readonly Lock gate = new();
    private readonly Dictionary<string, ResourceEvent> current = new(StringComparer.OrdinalIgnoreCase);
    private readonly List<Waiter> waiters = [];

    internal ResourceNotificationService()
    {
    }

    /// <summary>Whether a wait for health ends with what can't become healthy any more: tests want to know, a dashboard's user may start it again.</summary>
    internal bool StopsWaiting { get; init; }

    /// <summary>Raised in order, under the lock: handlers only hand on.</summary>
    internal event Action<ResourceEvent>? Changed;

    /// <summary>Changes what is known about a resource.</summary>
    public Task PublishUpdateAsync(IResource resource, Func<CustomResourceSnapshot, CustomResourceSnapshot> stateFactory)
    {
        List<Waiter> satisfied;
        ResourceEvent change;
        lock (gate)
        {
            var before = current.GetValueOrDefault(resource.Name)?.Snapshot ?? new CustomResourceSnapshot { ResourceType = TypeOf(resource) };
            var after = stateFactory(before);
            if (after == before && current.ContainsKey(resource.Name))
            {
                return Task.CompletedTask;
            }
            change = current[resource.Name] = new ResourceEvent(resource, resource.Name, after);
            satisfied = waiters.FindAll(waiter => waiter.Matches(change));
            waiters.RemoveAll(satisfied.Contains);
            Changed?.Invoke(change);
        }
        satisfied.ForEach(waiter => waiter.Reached.TrySetResult(change));
        return Task.CompletedTask;
    }

    /// <summary>Waits until the resource is in a state that the predicate accepts; at once if it is.</summary>
    public async Task<ResourceEvent> WaitForResourceAsync(string resourceName, Func<ResourceEvent, bool> predicate, CancellationToken cancellationToken = default)
    {
        var waiter = new Waiter(resourceName, predicate);
        lock (gate)
        {
            if (current.TryGetValue(resourceName, out var now) && predicate(now))
            {
                return now;
            }
            waiters.Add(waiter);
        }
        try
        {
            return await waiter.Reached.Task.WaitAsync(cancellationToken);
        }
        finally
        {
            lock (gate)
            {
                waiters.Remove(waiter);
            }
        }
    }

    /// <summary>Waits until the resource is in a state, by default <c>Running</c>.</summary>
    public Task WaitForResourceAsync(string resourceName, string? targetState = null, CancellationToken cancellationToken = default) =>
        WaitForResourceAsync(resourceName, [string.IsNullOrEmpty(targetState) ? KnownResourceStates.Running : targetState], cancellationToken);

    /// <summary>Waits until the resource is in one of the states; in which.</summary>
    public async Task<string> WaitForResourceAsync(string resourceName, IEnumerable<string> targetStates, CancellationToken cancellationToken = default)
    {
        var states = targetStates.ToHashSet(StringComparer.OrdinalIgnoreCase);
        var reached = await WaitForResourceAsync(resourceName, change => change.Snapshot.State is { } state && states.Contains(state.Text), cancellationToken);
        return reached.Snapshot.State!.Text;
    }

    /// <summary>Waits until the resource runs and is healthy.</summary>
    /// <exception cref="DistributedApplicationException">In a test: it ended, or failed to start.</exception>
    public async Task<ResourceEvent> WaitForResourceHealthyAsync(string resourceName, CancellationToken cancellationToken = default)
    {
        var reached = await WaitForResourceAsync(resourceName, change => change.Snapshot.IsReady || (StopsWaiting && change.Snapshot.IsTerminal), cancellationToken);
        return reached.Snapshot.IsReady ? reached
            : throw new DistributedApplicationException($"Resource '{resourceName}' doesn't become healthy: it is {reached.Snapshot.State!.Text} ({reached.Snapshot.Reason}).");
    }

    internal ResourceEvent? Find(IResource resource)
    {
        lock (gate)
        {
            return current.GetValueOrDefault(resource.Name);
        }
    }

    /// <summary>Of a resource that is gone nothing is known.</summary>
    internal void Forget(IResource resource)
    {
        lock (gate)
        {
            current.Remove(resource.Name);
        }
    }

    private static string TypeOf(IResource resource) => resource switch
    {
        ProjectResource => "Project",
        ContainerResource => "Container",
        ParameterResource => "Parameter",
        _ => "ConnectionString",
    };

    private sealed record Waiter(string Name, Func<ResourceEvent, bool> Predicate)
    {
        public TaskCompletionSource<ResourceEvent> Reached { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public bool Matches(ResourceEvent change) => string.Equals(change.ResourceId, Name, StringComparison.OrdinalIgnoreCase) && Predicate(change);
    }
}
