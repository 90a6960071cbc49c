using System.Globalization;
using Aspire.Hosting;
using Aspire.Hosting.ApplicationModel;
using FlowPlatform.Orchestration;
using FlowPlatform.Orchestration.Broker;
using FlowPlatform.Orchestration.Postgres;
using FlowPlatform.Orchestration.Publishing;
using Microsoft.Extensions.Configuration;

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
        builder.Configuration["Flow:Without"] = string.Join(',', flags.Without);
        builder.Configuration["Flow:Watch"] = flags.Watch ? "true" : "false";
        if (flags.Stores == "postgres")
        {
            // While it runs, too: replicas share a database.
            foreach (var service in flags.Services)
            {
                builder.Configuration[$"Flow:MaxReplicas:{service}"] = AppHostFlags.MaxReplicas.ToString(CultureInfo.InvariantCulture);
            }
        }
    }

    /// <summary>Writes what deploys the system; the process' exit code.</summary>
    public static Task<int> PublishAsync(IDistributedApplicationBuilder builder, PublishFlags flags) => Publisher.PublishAsync(
        builder,
        new PublishRequest(flags.IsKubernetes ? PublishTarget.Kubernetes : PublishTarget.Compose, flags.Output)
        {
            Diff = flags.Diff,
            Force = flags.Force,
            Images = flags.Images,
            Tag = flags.Tag,
            Partitions = PublishFlags.Partitions,
        },
        Console.Out,
        Console.Error);

    /// <summary>The orchestrator tells it all that it must know, and services where to send their telemetry.</summary>
    public static void Connect(IDistributedApplicationBuilder builder, DashboardResource dashboard) => dashboard.Project.AsDashboard(dashboard.Token, dashboard.TelemetryKey);

    /// <summary>The dashboard has pages for them.</summary>
    public static void AddCommands(IResourceBuilder<ProjectResource> service, IResourceBuilder<ParameterResource> adminKey)
    {
    }

    /// <summary>The orchestrator does.</summary>
    public static void SendTelemetry(IResourceBuilder<ProjectResource> service, DashboardResource dashboard)
    {
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

    /// <summary>A private server; its data is below the data directory.</summary>
    public static IStoreServer AddPostgres(IDistributedApplicationBuilder builder, AppHostFlags flags, IReadOnlyList<string> databases)
    {
        var user = builder.AddParameter("postgres-user", "flow");
        var password = builder.AddParameter("postgres-password", new GenerateParameterDefault { MinLength = 28, Special = false }, secret: true, persist: true);
        return new PrivateServer(builder, builder.AddPostgres("postgres", user, password));
    }

    /// <summary>Roles and databases are made on it before any service starts: what is wrong with it is said once, with the cure.</summary>
    /// <exception cref="UsageException">The connection string can't be read.</exception>
    public static IStoreServer AddGivenPostgres(IDistributedApplicationBuilder builder, string name)
    {
        var settings = GivenPostgres.Parse(builder.Configuration.GetConnectionString(name)!, out var fault);
        return settings is null ? throw new UsageException(fault) : new GivenServer(builder, builder.AddConnectionString(name), settings);
    }

    /// <summary>Where a service listens: every replica by itself.</summary>
    public static IReadOnlyList<string> UrlsOf(IResourceBuilder<ProjectResource> service) => service.GetEndpoint("http").AllUrls();

    /// <summary>Waits until a service listens elsewhere than is known: replicas can come and go while it runs.</summary>
    public static Task WaitForOtherUrlsAsync(IResourceBuilder<ProjectResource> service, ResourceNotificationService notifications, IReadOnlyList<string> known, CancellationToken cancellationToken) =>
        service.GetEndpoint("http").WaitForOtherUrlsAsync(notifications, known, cancellationToken);

    /// <summary>Where resources are started and stopped from outside.</summary>
    public static ResourceService? ResourcesOf(DistributedApplication app) => app.GetResourceService() is { } service ? new ResourceService(service.Url, service.Key) : null;

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
