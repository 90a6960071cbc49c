using Aspire.Hosting;
using Aspire.Hosting.ApplicationModel;
using FlowPlatform.Orchestration;
using FlowPlatform.Orchestration.Broker;

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

    /// <summary>A private node, a cluster of them, or a container, whichever is asked for and can be had; its configuration is the orchestrator's.</summary>
    public static IResourceBuilder<RabbitMQServerResource> AddServer(
        IDistributedApplicationBuilder builder, AppHostFlags flags, IResourceBuilder<ParameterResource> user, IResourceBuilder<ParameterResource> password) =>
        flags.BrokerNodes == 1 ? AddNode(builder, user, password) : AddNode(builder, user, password).WithCluster();

    /// <summary>Looked at before any service starts: what is wrong with it is said once, with the cure.</summary>
    public static BrokerResource AddGivenBroker(IDistributedApplicationBuilder builder, string name, IResourceBuilder<ConnectionStringResource> stream)
    {
        var amqp = builder.AddConnectionString(name).WithBrokerCheck(stream);
        return new BrokerResource(amqp, stream, amqp);
    }

    /// <summary>Why no broker can be run here; null if one can.</summary>
    public static Task<string?> WhyNoBrokerAsync(AppHostFlags flags) =>
        BrokerAvailability.WhyNoneAsync(BrokerDirectory(flags), flags.BrokerNodes, new Lines(), CancellationToken.None);

    /// <summary>Whether RabbitMQ has run on this data directory.</summary>
    public static bool HoldsBroker(AppHostFlags flags) => BrokerAvailability.HoldsData(BrokerDirectory(flags));

    private static IResourceBuilder<RabbitMQServerResource> AddNode(
        IDistributedApplicationBuilder builder, IResourceBuilder<ParameterResource> user, IResourceBuilder<ParameterResource> password) =>
        builder.AddRabbitMQ("rabbitmq", user, password)
            .WithEndpoint(targetPort: StreamAddress.Port, scheme: "rabbitmq-stream", name: "stream", isProxied: false);

    private static string BrokerDirectory(AppHostFlags flags) => Path.Combine(flags.DataDirectory, "rabbitmq");

    private sealed class Lines : IProgress<string>
    {
        public void Report(string value) => Console.Error.WriteLine(value);
    }
}
