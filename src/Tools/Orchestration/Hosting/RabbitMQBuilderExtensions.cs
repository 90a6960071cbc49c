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
}
