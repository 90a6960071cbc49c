using System.Globalization;

namespace Aspire.Hosting.ApplicationModel;

/// <summary>A port that a resource serves. Locally there is no proxy: the public port is the one that the process listens on, unless a detour was asked for.</summary>
public sealed class EndpointAnnotation : IResourceAnnotation
{
    internal const string LoopbackHost = "127.0.0.1";

    /// <summary>Replaced as a whole, so that readers need no lock.</summary>
    private volatile IReadOnlyList<EndpointAnnotation> replicas = [];

    internal EndpointAnnotation(string name, string uriScheme, int? port, int? targetPort)
    {
        Name = name;
        UriScheme = uriScheme;
        Port = port;
        TargetPort = targetPort;
    }

    public string Name { get; }

    public string UriScheme { get; }

    /// <summary>The port that was asked for; null: any free one.</summary>
    public int? Port { get; }

    /// <summary>The port inside a container. A local process has none.</summary>
    public int? TargetPort { get; }

    /// <summary>Whether others than the application's own resources use it. Locally nothing is reached from elsewhere; deployment artefacts let it be.</summary>
    internal bool IsExternal { get; set; }

    /// <summary>The variable that tells the process its port, or null.</summary>
    internal string? EnvironmentVariable { get; init; }

    /// <summary>Where the process listens.</summary>
    internal int? AllocatedPort { get; set; }

    /// <summary>The port that others are told, where something of the caller's stands in front of this one (<c>Flow:Detours</c>); null: they come directly.</summary>
    internal int? DetourPort { get; set; }

    internal int? PublicPort => DetourPort ?? AllocatedPort;

    /// <summary>Those of the resource's replicas, the first of which stands for all; none if it runs by itself.</summary>
    internal IReadOnlyList<EndpointAnnotation> Replicas
    {
        get => replicas;
        set => replicas = value;
    }

    /// <summary>The same endpoint of a replica, which is not one of <see cref="Replicas"/> yet.</summary>
    internal EndpointAnnotation ForReplica() => new(Name, UriScheme, Port, TargetPort) { EnvironmentVariable = EnvironmentVariable };

    /// <summary>For others.</summary>
    internal string? Url => UrlAt(PublicPort);

    /// <summary>For the process itself, and for who looks after it.</summary>
    internal string? ListeningUrl => UrlAt(AllocatedPort);

    private string? UrlAt(int? port) => port is { } known ? string.Create(CultureInfo.InvariantCulture, $"{UriScheme}://{LoopbackHost}:{known}") : null;
}

public enum EndpointProperty
{
    Url,
    Host,
    Port,
    Scheme,
    HostAndPort,
}

/// <summary>An endpoint of a resource by name; its values are known once ports are allocated, before anything starts.</summary>
public sealed class EndpointReference(IResourceWithEndpoints owner, string endpointName) : IValueProvider, IManifestExpressionProvider
{
    public IResourceWithEndpoints Resource { get; } = owner;

    public string EndpointName { get; } = endpointName;

    public bool IsAllocated => Annotation.PublicPort is not null;

    public int Port => Annotation.PublicPort ?? throw NotAllocated();

    public string Host { get; } = EndpointAnnotation.LoopbackHost;

    public string Scheme => Annotation.UriScheme;

    public string Url => Annotation.Url ?? throw NotAllocated();

    string IManifestExpressionProvider.ValueExpression => Property(EndpointProperty.Url).ValueExpression;

    internal EndpointAnnotation Annotation => Resource.Annotations.OfType<EndpointAnnotation>().FirstOrDefault(endpoint => endpoint.Name == EndpointName)
        ?? throw new InvalidOperationException($"Resource '{Resource.Name}' has no endpoint '{EndpointName}'.");

    public EndpointReferenceExpression Property(EndpointProperty property) => new(this, property);

    public ValueTask<string?> GetValueAsync(CancellationToken cancellationToken = default) => new(Url);

    private InvalidOperationException NotAllocated() => new($"Endpoint '{EndpointName}' of resource '{Resource.Name}' has no port yet: it gets one when the application starts.");
}

public sealed class EndpointReferenceExpression(EndpointReference endpointReference, EndpointProperty property) : IValueProvider, IManifestExpressionProvider
{
    internal EndpointReference Endpoint => endpointReference;

    internal EndpointProperty Property => property;

    public string ValueExpression => $"{{{endpointReference.Resource.Name}.bindings.{endpointReference.EndpointName}.{Name}}}";

    private string Name => property == EndpointProperty.HostAndPort ? "hostAndPort" : property.ToString().ToLowerInvariant();

    public ValueTask<string?> GetValueAsync(CancellationToken cancellationToken = default) => new(property switch
    {
        EndpointProperty.Host => endpointReference.Host,
        EndpointProperty.Port => endpointReference.Port.ToString(CultureInfo.InvariantCulture),
        EndpointProperty.Scheme => endpointReference.Scheme,
        EndpointProperty.HostAndPort => string.Create(CultureInfo.InvariantCulture, $"{endpointReference.Host}:{endpointReference.Port}"),
        _ => endpointReference.Url,
    });
}
