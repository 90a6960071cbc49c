namespace Aspire.Hosting.ApplicationModel;

/// <summary>Fills the environment of a resource just before it starts. Values are strings or <see cref="IValueProvider"/>s.</summary>
public sealed class EnvironmentCallbackContext
{
    internal EnvironmentCallbackContext(DistributedApplicationExecutionContext executionContext) => ExecutionContext = executionContext;

    public Dictionary<string, object> EnvironmentVariables { get; } = new(StringComparer.Ordinal);

    public DistributedApplicationExecutionContext ExecutionContext { get; }
}

internal sealed record EnvironmentCallbackAnnotation(Action<EnvironmentCallbackContext> Callback) : IResourceAnnotation;

/// <summary>How many processes a project runs in; the last one counts.</summary>
internal sealed record ReplicasAnnotation(int Count) : IResourceAnnotation;

/// <summary>The resource is a replica of another, which has the state of all of them together.</summary>
internal sealed record ReplicaAnnotation(ProjectResource Of) : IResourceAnnotation;

/// <summary>The resource is run by these.</summary>
internal sealed record ReplicatedAnnotation(IReadOnlyList<ProjectResource> Replicas) : IResourceAnnotation;

internal sealed record WaitAnnotation(IResource Resource) : IResourceAnnotation;

internal sealed record ArgumentsAnnotation(IReadOnlyList<string> Arguments) : IResourceAnnotation;

/// <summary><see cref="Key"/> is the name that Aspire gives the check.</summary>
internal sealed record HttpHealthCheckAnnotation(string Key, string Path, int StatusCode, string EndpointName) : IResourceAnnotation;
