using Aspire.Hosting.ApplicationModel;

namespace Aspire.Hosting;

public static class RabbitMQBuilderExtensions
{
    /// <summary>A RabbitMQ server. Locally its endpoint has a free port of its own unless one is given.</summary>
    public static IResourceBuilder<RabbitMQServerResource> AddRabbitMQ(
        this IDistributedApplicationBuilder builder, string name, IResourceBuilder<ParameterResource>? userName = null,
        IResourceBuilder<ParameterResource>? password = null, int? port = null)
    {
        const int AmqpPort = 5672;
        password ??= builder.AddParameter($"{name}-password", new GenerateParameterDefault { Special = false }, secret: true, persist: true);
        var server = new RabbitMQServerResource(name, userName?.Resource, password.Resource);
        server.Annotations.Add(new EndpointAnnotation(RabbitMQServerResource.PrimaryEndpointName, "amqp", port, AmqpPort));
        return builder.AddResource(server);
    }

    /// <summary>Keeps the messages over restarts. A private node always does: they are in the data directory.</summary>
    public static IResourceBuilder<RabbitMQServerResource> WithDataVolume(
        this IResourceBuilder<RabbitMQServerResource> builder, string? name = null, bool isReadOnly = false) => builder;
}

public static class ContainerResourceBuilderExtensions
{
    /// <summary>Puts files into a container. A private node is no container: it writes its own configuration, with the stream plugin on.</summary>
    public static IResourceBuilder<T> WithContainerFiles<T>(
        this IResourceBuilder<T> builder, string destinationPath, IEnumerable<ContainerFileSystemItem> entries,
        int? defaultOwner = null, int? defaultGroup = null, UnixFileMode? umask = null)
        where T : ContainerResource => builder;
}
