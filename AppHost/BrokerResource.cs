using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using Aspire.Hosting;
using Aspire.Hosting.ApplicationModel;
using Microsoft.Extensions.Configuration;

namespace FlowPlatform.AppHost;

/// <summary>The broker by both of its protocols. <see cref="Server"/> is null when the caller named a broker that runs already.</summary>
internal sealed record BrokerResource(
    IResourceBuilder<IResourceWithConnectionString>? Amqp, IResourceBuilder<IResourceWithConnectionString>? Stream, IResourceBuilder<RabbitMQServerResource>? Server)
{
    /// <summary>The directory that stands in for a broker; null where there is one.</summary>
    public IResourceBuilder<IResourceWithConnectionString>? EmbeddedLog { get; init; }
}

internal static class BrokerExtensions
{
    private const int StreamPort = 5552;

    public static BrokerResource AddBroker(this IDistributedApplicationBuilder builder, AppHostFlags flags) =>
        flags.Broker == "embedded" ? builder.AddEmbeddedLog(flags) : flags.Broker != "install" && builder.Configuration.GetConnectionString("rabbitmq") is { Length: > 0 } given
            ? builder.AddGivenBroker(given)
            : builder.AddOwnBroker();

    public static IResourceBuilder<ProjectResource> WithBroker(this IResourceBuilder<ProjectResource> service, BrokerResource broker)
    {
        if (broker.EmbeddedLog is { } log)
        {
            return service.WithReference(log);
        }
        service.WithReference(broker.Amqp!).WithReference(broker.Stream!)
            // For shells and tools that allow no dash in a variable's name.
            .WithEnvironment("ConnectionStrings__rabbitmq_stream", broker.Stream!.Resource.ConnectionStringExpression);
        return broker.Server is { } server ? service.WaitFor(server) : service;
    }

    /// <summary>No broker: streams are files that the services share, and commands stay in each service's memory.</summary>
    private static BrokerResource AddEmbeddedLog(this IDistributedApplicationBuilder builder, AppHostFlags flags) => new(Amqp: null, Stream: null, Server: null)
    {
        EmbeddedLog = builder.AddConnectionString("embedded-log", ReferenceExpression.Create($"{Path.Combine(flags.DataDirectory, "log")}")),
    };

    private static BrokerResource AddGivenBroker(this IDistributedApplicationBuilder builder, string amqp)
    {
        var stream = builder.Configuration.GetConnectionString("rabbitmq-stream") ?? builder.Configuration.GetConnectionString("rabbitmq_stream") ?? StreamUriOf(amqp);
        return new BrokerResource(
            builder.AddConnectionString("rabbitmq"),
            builder.AddConnectionString("rabbitmq-stream", ReferenceExpression.Create($"{stream}")),
            Server: null);
    }

    /// <summary>
    /// Stream clients reconnect to the address that the broker advertises: the port is the same inside and outside, so there is no proxy, and it is a free
    /// one, so that AppHosts run beside each other. The files are for Aspire's container; a private node writes the same by itself.
    /// </summary>
    private static BrokerResource AddOwnBroker(this IDistributedApplicationBuilder builder)
    {
        var user = builder.AddParameter("rabbitmq-user", "flow");
        var password = builder.AddParameter("rabbitmq-password", new GenerateParameterDefault { MinLength = 28, Special = false }, secret: true, persist: true);
        var streamPort = FreePort();
        var server = builder.AddRabbitMQ("rabbitmq", user, password)
            .WithDataVolume()
            .WithEndpoint(port: streamPort, targetPort: StreamPort, scheme: "rabbitmq-stream", name: "stream", isProxied: false)
            .WithContainerFiles("/etc/rabbitmq", [new ContainerFile { Name = "enabled_plugins", Contents = "[rabbitmq_prometheus,rabbitmq_stream]." }])
            .WithContainerFiles("/etc/rabbitmq/conf.d", [new ContainerFile { Name = "20-stream.conf", Contents = StreamConfiguration(streamPort) }]);
        var address = server.GetEndpoint("stream").Property(EndpointProperty.HostAndPort);
        var stream = builder.AddConnectionString("rabbitmq-stream", ReferenceExpression.Create($"rabbitmq-stream://{user}:{password}@{address}"));
        return new BrokerResource(server, stream, server);
    }

    private static string StreamConfiguration(int advertisedPort) => string.Create(CultureInfo.InvariantCulture,
        $"stream.frame_max = 4194304\nstream.advertised_host = localhost\nstream.advertised_port = {advertisedPort}\n");

    private static string StreamUriOf(string amqp) => Uri.TryCreate(amqp, UriKind.Absolute, out var uri)
        ? string.Create(CultureInfo.InvariantCulture, $"rabbitmq-stream://{uri.UserInfo}@{uri.Host}:{StreamPort}")
        : throw new DistributedApplicationException("ConnectionStrings__rabbitmq is no AMQP URI (amqp://user:password@host:port).");

    /// <summary>From below the range that systems hand to outgoing connections, so that nobody takes it before the broker does.</summary>
    private static int FreePort()
    {
        const int First = 20_000;
        const int End = 32_000;
        for (var attempt = 0; attempt < 100; attempt++)
        {
            var port = RandomNumberGenerator.GetInt32(First, End);
            using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            try
            {
                socket.Bind(new IPEndPoint(IPAddress.Loopback, port));
                return port;
            }
            catch (SocketException)
            {
                // Taken: the next one.
            }
        }
        throw new DistributedApplicationException($"No free port was found between {First} and {End}.");
    }
}
