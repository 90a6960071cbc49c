using System.Runtime.CompilerServices;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Aspire.Hosting.ApplicationModel;

public interface IResource
{
    string Name { get; }
}

public interface IResourceAnnotation;

public interface IResourceWithArgs : IResource;

public interface IResourceWithEndpoints : IResource;

public interface IResourceWithEnvironment : IResource;

public interface IResourceWithWaitSupport : IResource;

public interface IValueProvider;

public interface IManifestExpressionProvider;

public interface IResourceWithConnectionString : IResource, IManifestExpressionProvider, IValueProvider
{
    ReferenceExpression ConnectionStringExpression { get; }

    ValueTask<string?> GetConnectionStringAsync(CancellationToken cancellationToken = default);
}

public interface IResourceBuilder<out T>
    where T : IResource
{
    T Resource { get; }
}

public abstract class Resource : IResource
{
    public virtual string Name => throw null!;
}

public class ContainerResource : Resource, IResourceWithEnvironment, IResourceWithArgs, IResourceWithEndpoints, IResourceWithWaitSupport;

public class ProjectResource : Resource, IResourceWithEnvironment, IResourceWithArgs, IResourceWithServiceDiscovery, IResourceWithWaitSupport;

public class RabbitMQServerResource : ContainerResource, IResourceWithConnectionString
{
    public ReferenceExpression ConnectionStringExpression => throw null!;

    ValueTask<string?> IResourceWithConnectionString.GetConnectionStringAsync(CancellationToken cancellationToken) => throw null!;
}

public class PostgresServerResource : ContainerResource, IResourceWithConnectionString
{
    public ReferenceExpression ConnectionStringExpression => throw null!;

    ValueTask<string?> IResourceWithConnectionString.GetConnectionStringAsync(CancellationToken cancellationToken) => throw null!;
}

public class PostgresDatabaseResource : Resource, IResourceWithConnectionString, IResourceWithWaitSupport
{
    public ReferenceExpression ConnectionStringExpression => throw null!;

    ValueTask<string?> IResourceWithConnectionString.GetConnectionStringAsync(CancellationToken cancellationToken) => throw null!;
}

public class ParameterResource : Resource, IManifestExpressionProvider, IValueProvider
{
    public ValueTask<string?> GetValueAsync(CancellationToken cancellationToken) => throw null!;
}

public abstract class ParameterDefault;

public sealed class GenerateParameterDefault : ParameterDefault
{
    public int MinLength { get => throw null!; set => throw null!; }

    public bool Special { get => throw null!; set => throw null!; }
}

public abstract class ContainerFileSystemItem
{
    public string Name { get => throw null!; set => throw null!; }
}

public abstract class ContainerFileBase : ContainerFileSystemItem
{
    public string? Contents { get => throw null!; set => throw null!; }
}

public sealed class ContainerFile : ContainerFileBase;

public enum EndpointProperty
{
    Url,
    Host,
    IPV4Host,
    Port,
    Scheme,
    TargetPort,
    HostAndPort,
}

public sealed class EndpointReference : IManifestExpressionProvider, IValueProvider
{
    public string Url => throw null!;

    public EndpointReferenceExpression Property(EndpointProperty property) => throw null!;
}

public class EndpointReferenceExpression : IManifestExpressionProvider, IValueProvider;

public class ReferenceExpression : IManifestExpressionProvider, IValueProvider
{
    public static ReferenceExpression Create(in ExpressionInterpolatedStringHandler handler) => throw null!;

    [InterpolatedStringHandler]
    public ref struct ExpressionInterpolatedStringHandler
    {
        public ExpressionInterpolatedStringHandler(int literalLength, int formattedCount) => throw null!;

        public readonly void AppendLiteral(string value) => throw null!;

        public readonly void AppendFormatted(string? value) => throw null!;

        public void AppendFormatted<T>(T valueProvider)
            where T : IValueProvider, IManifestExpressionProvider => throw null!;

        public void AppendFormatted<T>(IResourceBuilder<T> valueProvider)
            where T : IResource, IValueProvider, IManifestExpressionProvider => throw null!;
    }
}

public sealed class CommandOptions
{
    public string? Description { get => throw null!; set => throw null!; }

    public string? ConfirmationMessage { get => throw null!; set => throw null!; }

    public string? IconName { get => throw null!; set => throw null!; }

    public Func<UpdateCommandStateContext, ResourceCommandState>? UpdateState { get => throw null!; set => throw null!; }
}

public enum ResourceCommandState
{
    Enabled,
    Disabled,
    Hidden,
}

public sealed class UpdateCommandStateContext
{
    public CustomResourceSnapshot ResourceSnapshot => throw null!;
}

public sealed class ExecuteCommandContext
{
    public CancellationToken CancellationToken => throw null!;
}

public sealed class ExecuteCommandResult
{
    public bool Success => throw null!;
}

public static class CommandResults
{
    public static ExecuteCommandResult Success() => throw null!;

    public static ExecuteCommandResult Failure(string? errorMessage = null) => throw null!;
}

public class ResourceCommandService
{
    public Task<ExecuteCommandResult> ExecuteCommandAsync(string resourceId, string commandName, CancellationToken cancellationToken = default) => throw null!;
}

public static class KnownResourceStates
{
    public static readonly string Exited = null!;
    public static readonly string FailedToStart = null!;
    public static readonly string Finished = null!;
    public static readonly string Running = null!;
}

public sealed record ResourceStateSnapshot(string Text, string? Style);

public sealed record CustomResourceSnapshot
{
    public ResourceStateSnapshot? State { get => throw null!; init => throw null!; }

    public HealthStatus? HealthStatus => throw null!;

    public int? ExitCode { get => throw null!; init => throw null!; }
}

public class ResourceEvent
{
    public CustomResourceSnapshot Snapshot => throw null!;
}

public class ResourceNotificationService
{
    public Task<ResourceEvent> WaitForResourceAsync(string resourceName, Func<ResourceEvent, bool> predicate, CancellationToken cancellationToken = default) => throw null!;

    public Task<ResourceEvent> WaitForResourceHealthyAsync(string resourceName, CancellationToken cancellationToken = default) => throw null!;
}
