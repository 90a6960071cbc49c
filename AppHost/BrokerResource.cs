using System.Globalization;
using Aspire.Hosting;
using Aspire.Hosting.ApplicationModel;
using Microsoft.Extensions.Configuration;

namespace FlowPlatform.AppHost;

/// <summary>The broker by both of its protocols, and what services wait for, if anything.</summary>
internal sealed record BrokerResource(
    IResourceBuilder<IResourceWithConnectionString> Amqp, IResourceBuilder<IResourceWithConnectionString> Stream, IResourceBuilder<IResource>? Awaited);

internal static class BrokerExtensions
{
    internal const int StreamPort = 5552;

    public static BrokerResource AddBroker(this IDistributedApplicationBuilder builder, AppHostFlags flags) =>
        flags.Broker is "auto" or "rabbitmq" && builder.Configuration.GetConnectionString("rabbitmq") is { Length: > 0 } given
            ? builder.AddGivenBroker(given)
            : builder.AddOwnBroker(flags);

    public static IResourceBuilder<ProjectResource> WithBroker(this IResourceBuilder<ProjectResource> service, BrokerResource broker)
    {
        service.WithReference(broker.Amqp).WithReference(broker.Stream)
            // For shells and tools that allow no dash in a variable's name.
            .WithEnvironment("ConnectionStrings__rabbitmq_stream", broker.Stream.Resource.ConnectionStringExpression);
        return broker.Awaited is { } awaited ? service.WaitFor(awaited) : service;
    }

    private static BrokerResource AddGivenBroker(this IDistributedApplicationBuilder builder, string amqp)
    {
        var stream = builder.Configuration.GetConnectionString("rabbitmq-stream") ?? builder.Configuration.GetConnectionString("rabbitmq_stream") ?? StreamUriOf(amqp);
        return HostMode.AddGivenBroker(builder, "rabbitmq", builder.AddConnectionString("rabbitmq-stream", ReferenceExpression.Create($"{stream}")));
    }

    private static BrokerResource AddOwnBroker(this IDistributedApplicationBuilder builder, AppHostFlags flags)
    {
        var user = builder.AddParameter("rabbitmq-user", "flow");
        var password = builder.AddParameter("rabbitmq-password", new GenerateParameterDefault { MinLength = 28, Special = false }, secret: true, persist: true);
        var server = HostMode.AddServer(builder, flags, user, password);
        var address = server.GetEndpoint("stream").Property(EndpointProperty.HostAndPort);
        var stream = builder.AddConnectionString("rabbitmq-stream", ReferenceExpression.Create($"rabbitmq-stream://{user}:{password}@{address}"));
        return new BrokerResource(server, stream, server);
    }

    /// <summary>The same host and user. What is no address stays as it is: whoever connects with it says so.</summary>
    private static string StreamUriOf(string amqp) => Uri.TryCreate(amqp, UriKind.Absolute, out var uri)
        ? string.Create(CultureInfo.InvariantCulture, $"rabbitmq-stream://{uri.UserInfo}@{uri.Host}:{StreamPort}")
        : amqp;
}
