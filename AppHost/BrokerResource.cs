using System.Globalization;
using Aspire.Hosting;
using Aspire.Hosting.ApplicationModel;
using Microsoft.Extensions.Configuration;

namespace FlowPlatform.AppHost;

/// <summary>The broker by both of its protocols, and what services wait for, if anything.</summary>
internal sealed record BrokerResource(
    IResourceBuilder<IResourceWithConnectionString>? Amqp, IResourceBuilder<IResourceWithConnectionString>? Stream, IResourceBuilder<IResource>? Awaited)
{
    /// <summary>The directory that stands in for a broker; null where there is one.</summary>
    public IResourceBuilder<IResourceWithConnectionString>? Log { get; init; }

    /// <summary>On how many nodes services have their streams and command queues kept.</summary>
    public int Nodes { get; init; } = 1;
}

internal static class BrokerExtensions
{
    /// <summary>The broker that is given, asked for or to be had; else the embedded log, saying so. Null, and the reason on standard error, if that doesn't fit what is in the data directory.</summary>
    public static async Task<BrokerResource?> AddBrokerAsync(this IDistributedApplicationBuilder builder, AppHostFlags flags)
    {
        try
        {
            if (flags.Publish is not null)
            {
                return builder.AddOwnBroker(flags);
            }
            if (flags.Broker is "auto" or "rabbitmq" && builder.Configuration.GetConnectionString("rabbitmq") is { Length: > 0 } given)
            {
                return flags.BrokerNodes == 1 ? builder.AddGivenBroker(given) : throw new UsageException(
                    "ConnectionStrings__rabbitmq names a broker that runs: how many nodes it has is its own matter. Leave --broker-nodes out, or unset that, or choose --broker install.");
            }
            return await EmbeddedLog.IsToBeUsedAsync(flags) ? builder.AddEmbeddedLog(flags) : builder.AddOwnBroker(flags);
        }
        catch (UsageException e)
        {
            await Console.Error.WriteLineAsync(e.Message);
            return null;
        }
    }

    public static IResourceBuilder<ProjectResource> WithBroker(this IResourceBuilder<ProjectResource> service, BrokerResource broker)
    {
        if (broker.Log is { } log)
        {
            return service.WithReference(log);
        }
        if (broker.Nodes > 1)
        {
            service.WithEnvironment("FLOW_BROKER_NODES", broker.Nodes.ToString(CultureInfo.InvariantCulture));
        }
        service.WithReference(broker.Amqp!).WithReference(broker.Stream!)
            // For shells and tools that allow no dash in a variable's name.
            .WithEnvironment("ConnectionStrings__rabbitmq_stream", broker.Stream!.Resource.ConnectionStringExpression);
        return broker.Awaited is { } awaited ? service.WaitFor(awaited) : service;
    }

    /// <summary>No broker: streams are files that the services share, and commands stay in each service's memory.</summary>
    private static BrokerResource AddEmbeddedLog(this IDistributedApplicationBuilder builder, AppHostFlags flags) => new(Amqp: null, Stream: null, Awaited: null)
    {
        Log = builder.AddConnectionString("embedded-log", ReferenceExpression.Create($"{EmbeddedLog.DirectoryOf(flags)}")),
    };

    private static BrokerResource AddGivenBroker(this IDistributedApplicationBuilder builder, string amqp)
    {
        var stream = builder.Configuration.GetConnectionString("rabbitmq-stream") ?? builder.Configuration.GetConnectionString("rabbitmq_stream") ?? StreamAddress.Of(amqp);
        return HostMode.AddGivenBroker(builder, "rabbitmq", builder.AddConnectionString("rabbitmq-stream", ReferenceExpression.Create($"{stream}")));
    }

    private static BrokerResource AddOwnBroker(this IDistributedApplicationBuilder builder, AppHostFlags flags)
    {
        var user = builder.AddParameter("rabbitmq-user", "flow");
        var password = builder.AddParameter("rabbitmq-password", new GenerateParameterDefault { MinLength = 28, Special = false }, secret: true, persist: true);
        var server = HostMode.AddServer(builder, flags, user, password);
        var address = Node("stream");
        var streams = flags.BrokerNodes == 1
            ? ReferenceExpression.Create($"rabbitmq-stream://{user}:{password}@{address}")
            : ReferenceExpression.Create($"rabbitmq-stream://{user}:{password}@{address}/?nodes={Node("stream-2")},{Node("stream-3")}");
        return new BrokerResource(server, builder.AddConnectionString("rabbitmq-stream", streams), server) { Nodes = flags.BrokerNodes };

        EndpointReferenceExpression Node(string endpoint) => server.GetEndpoint(endpoint).Property(EndpointProperty.HostAndPort);
    }
}
