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

/// <summary>Which resources run for this one; none while it runs by itself. Replaced as a whole, so that readers need no lock.</summary>
internal sealed class ReplicatedAnnotation : IResourceAnnotation
{
    private volatile IReadOnlyList<ProjectResource> replicas = [];

    public IReadOnlyList<ProjectResource> Replicas
    {
        get => replicas;
        set => replicas = value;
    }
}

/// <summary>The resource was given the address or the connection string of another.</summary>
internal sealed record ReferenceAnnotation(IResource Resource) : IResourceAnnotation;

/// <summary>The project shows the others: see <see cref="FlowPlatform.Orchestration.DashboardExtensions"/>.</summary>
/// <param name="Token">What the printed link carries.</param>
/// <param name="TelemetryKey">What services send with their telemetry.</param>
internal sealed record DashboardAnnotation(ParameterResource Token, ParameterResource TelemetryKey) : IResourceAnnotation;

/// <summary>It isn't started with the application, but by command.</summary>
internal sealed record ExplicitStartAnnotation : IResourceAnnotation;

internal sealed record WaitAnnotation(IResource Resource) : IResourceAnnotation;

internal sealed record ArgumentsAnnotation(IReadOnlyList<string> Arguments) : IResourceAnnotation;

/// <summary><see cref="Key"/> is the name that Aspire gives the check.</summary>
internal sealed record HttpHealthCheckAnnotation(string Key, string Path, int StatusCode, string EndpointName) : IResourceAnnotation;
