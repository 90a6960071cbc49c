using Aspire.Hosting;
using Aspire.Hosting.ApplicationModel;
using FlowPlatform.Orchestration;

namespace FlowPlatform.AppHost;

/// <summary>What the local orchestrator has of its own. Its counterpart under the same name is in Aspire/.</summary>
internal static class HostMode
{
    /// <summary>The console shows what the simulator tells.</summary>
    public static bool ShowsSimulator => true;

    public static void Configure(IDistributedApplicationBuilder builder, AppHostFlags flags)
    {
        builder.Configuration["Flow:Data"] = flags.DataDirectory;
        builder.Configuration["Flow:Broker"] = flags.Broker;
        builder.Configuration["Flow:Console"] = "simulator";
    }

    /// <summary>A private node or a container, whichever can be had; its configuration is the orchestrator's.</summary>
    public static IResourceBuilder<RabbitMQServerResource> AddServer(
        IDistributedApplicationBuilder builder, AppHostFlags flags, IResourceBuilder<ParameterResource> user, IResourceBuilder<ParameterResource> password) =>
        builder.AddRabbitMQ("rabbitmq", user, password)
            .WithEndpoint(targetPort: BrokerExtensions.StreamPort, scheme: "rabbitmq-stream", name: "stream", isProxied: false);

    /// <summary>Looked at before any service starts: what is wrong with it is said once, with the cure.</summary>
    public static BrokerResource AddGivenBroker(IDistributedApplicationBuilder builder, string name, IResourceBuilder<ConnectionStringResource> stream)
    {
        var amqp = builder.AddConnectionString(name).WithBrokerCheck(stream);
        return new BrokerResource(amqp, stream, amqp);
    }
}
