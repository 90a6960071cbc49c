using System.Globalization;
using System.Net.Sockets;
using Aspire.Hosting.ApplicationModel;

namespace Aspire.Hosting;

public static partial class ResourceBuilderExtensions
{
    private const string Http = "http";

    public static IResourceBuilder<T> WithEndpoint<T>(
        this IResourceBuilder<T> builder, int? port = null, int? targetPort = null, string? scheme = null, string? name = null, string? env = null,
        bool isProxied = true, bool? isExternal = null, ProtocolType? protocol = null)
        where T : IResourceWithEndpoints
    {
        var uriScheme = scheme ?? (protocol == ProtocolType.Udp ? "udp" : "tcp");
        return Add(builder, new EndpointAnnotation(name ?? uriScheme, uriScheme, port, targetPort) { EnvironmentVariable = env });
    }

    public static IResourceBuilder<T> WithHttpEndpoint<T>(
        this IResourceBuilder<T> builder, int? port = null, int? targetPort = null, string? name = null, string? env = null, bool isProxied = true)
        where T : IResourceWithEndpoints =>
        Add(builder, new EndpointAnnotation(name ?? Http, Http, port ?? targetPort, targetPort) { EnvironmentVariable = env });

    /// <summary>The HTTP endpoints that the resource has so far are for others than the application's own resources, too. Only deployment artefacts make a difference.</summary>
    public static IResourceBuilder<T> WithExternalHttpEndpoints<T>(this IResourceBuilder<T> builder)
        where T : IResourceWithEndpoints
    {
        foreach (var endpoint in builder.Resource.Annotations.OfType<EndpointAnnotation>().Where(endpoint => endpoint.UriScheme is "http" or "https"))
        {
            endpoint.IsExternal = true;
        }
        return builder;
    }

    public static EndpointReference GetEndpoint<T>(this IResourceBuilder<T> builder, string name)
        where T : IResourceWithEndpoints => new(builder.Resource, name);

    /// <summary>Healthy when a GET of <paramref name="path"/> answers <paramref name="statusCode"/> (default: 200).</summary>
    public static IResourceBuilder<T> WithHttpHealthCheck<T>(this IResourceBuilder<T> builder, string? path = null, int? statusCode = null, string? endpointName = null)
        where T : IResourceWithEndpoints
    {
        var (at, status, endpoint) = (path ?? "/", statusCode ?? 200, endpointName ?? Http);
        var key = string.Create(CultureInfo.InvariantCulture, $"{builder.Resource.Name}_{endpoint}_{at}_{status}_check");
        return Annotate(builder, new HttpHealthCheckAnnotation(key, at, status, endpoint));
    }

    /// <summary>Starts only when the dependency runs and is healthy; fails to start when the dependency has ended or failed to start.</summary>
    public static IResourceBuilder<T> WaitFor<T>(this IResourceBuilder<T> builder, IResourceBuilder<IResource> dependency)
        where T : IResourceWithWaitSupport =>
        ReferenceEquals(builder.Resource, dependency.Resource)
            ? throw new DistributedApplicationException($"Resource '{builder.Resource.Name}' can't wait for itself.")
            : Annotate(builder, new WaitAnnotation(dependency.Resource));

    /// <summary>Isn't started with the application: it is <c>NotStarted</c> until somebody starts it by command. Who waits for it waits until then, and until it is healthy.</summary>
    public static IResourceBuilder<T> WithExplicitStart<T>(this IResourceBuilder<T> builder)
        where T : IResource => Annotate(builder, new ExplicitStartAnnotation());

    public static IResourceBuilder<T> WithArgs<T>(this IResourceBuilder<T> builder, params string[] args)
        where T : IResourceWithArgs => Annotate(builder, new ArgumentsAnnotation(args));

    private static IResourceBuilder<T> Add<T>(IResourceBuilder<T> builder, EndpointAnnotation endpoint)
        where T : IResourceWithEndpoints =>
        builder.Resource.Annotations.OfType<EndpointAnnotation>().Any(other => other.Name == endpoint.Name)
            ? throw new DistributedApplicationException($"Resource '{builder.Resource.Name}' has two endpoints named '{endpoint.Name}'.")
            : Annotate(builder, endpoint);

    private static IResourceBuilder<T> Annotate<T>(IResourceBuilder<T> builder, IResourceAnnotation annotation)
        where T : IResource
    {
        builder.Resource.Annotations.Add(annotation);
        return builder;
    }
}
