using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Aspire.Hosting;
using Aspire.Hosting.ApplicationModel;
using Microsoft.Extensions.Configuration;

namespace FlowPlatform.AppHost;

/// <summary>What Aspire needs to be told. Its counterpart for the local orchestrator, under the same name, is in Local/.</summary>
internal static class HostMode
{
    private const string OtlpGrpc = "otlp-grpc";
    private const string OtlpHttp = "otlp-http";

    /// <summary>Aspire's dashboard shows what resources write.</summary>
    public static bool ShowsSimulator => false;

    /// <summary>
    /// What a launch profile would say, where nothing says it: an address for the dashboard and one for its telemetry, on loopback and without TLS. Launch
    /// profiles don't say it, because <c>dotnet run</c> applies them to the local orchestrator, too.
    /// </summary>
    public static void Configure(IDistributedApplicationBuilder builder, AppHostFlags flags)
    {
        if (!string.IsNullOrEmpty(builder.Configuration["ASPNETCORE_URLS"]))
        {
            return;
        }
        var ports = FreePorts.Take(3).Select(port => $"http://localhost:{port}").ToArray();
        builder.Configuration["ASPNETCORE_URLS"] = ports[0];
        builder.Configuration["ASPIRE_DASHBOARD_OTLP_ENDPOINT_URL"] = ports[1];
        builder.Configuration["ASPIRE_RESOURCE_SERVICE_ENDPOINT_URL"] = ports[2];
        builder.Configuration["ASPIRE_ALLOW_UNSECURED_TRANSPORT"] = "true";
    }

    /// <summary>Aspire writes artefacts of its own; the flags say so before this is reached.</summary>
    public static Task<int> PublishAsync(IDistributedApplicationBuilder builder, PublishFlags flags) => Task.FromResult(AppHostFlags.Misuse);

    /// <summary>
    /// It runs beside Aspire's own dashboard. Aspire tells nobody else what resources do: without FLOW_RESOURCE_URL the page that lists them says so.
    /// </summary>
    public static void Connect(IDistributedApplicationBuilder builder, DashboardResource dashboard)
    {
        var ports = FreePorts.Take(2);
        dashboard.Project
            .WithHttpEndpoint()
            .WithEndpoint(port: ports[0], targetPort: ports[0], scheme: "tcp", name: OtlpGrpc, isProxied: false)
            .WithEndpoint(port: ports[1], targetPort: ports[1], scheme: "tcp", name: OtlpHttp, isProxied: false)
            .WithHttpHealthCheck("/health")
            .WithEnvironment("ASPIRE_DASHBOARD_OTLP_ENDPOINT_URL", ReferenceExpression.Create($"http://{HostAndPort(dashboard, OtlpGrpc)}"))
            .WithEnvironment("ASPIRE_DASHBOARD_OTLP_HTTP_ENDPOINT_URL", ReferenceExpression.Create($"http://{HostAndPort(dashboard, OtlpHttp)}"))
            .WithEnvironment("DASHBOARD__OTLP__PRIMARYAPIKEY", dashboard.TelemetryKey)
            .WithEnvironment("DASHBOARD__FRONTEND__BROWSERTOKEN", dashboard.Token);
    }

    /// <summary>On Aspire's pages, and for its command line: <c>check</c> of the simulator, <c>redrive</c> of each service.</summary>
    public static void AddCommands(IResourceBuilder<ProjectResource> service, IResourceBuilder<ParameterResource> adminKey) => ServiceCommands.AddTo(service, adminKey);

    /// <summary>Exporters have one address: with this dashboard it is this one's; with --no-dashboard Aspire's own gets everything.</summary>
    public static void SendTelemetry(IResourceBuilder<ProjectResource> service, DashboardResource dashboard) => service
        .WithEnvironment("OTEL_EXPORTER_OTLP_ENDPOINT", ReferenceExpression.Create($"http://{HostAndPort(dashboard, OtlpGrpc)}"))
        .WithEnvironment("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc")
        .WithEnvironment("OTEL_EXPORTER_OTLP_HEADERS", ReferenceExpression.Create($"x-otlp-api-key={dashboard.TelemetryKey}"));

    /// <summary>
    /// A container with the stream plugin. Stream clients reconnect to the address that the broker advertises: its stream port is the same inside and outside
    /// of what the client sees, so there is no proxy, and it is a free one, so that AppHosts run beside each other. Its messages belong to the data directory.
    /// </summary>
    public static IResourceBuilder<RabbitMQServerResource> AddServer(
        IDistributedApplicationBuilder builder, AppHostFlags flags, IResourceBuilder<ParameterResource> user, IResourceBuilder<ParameterResource> password)
    {
        var streamPort = FreePorts.Take(1)[0];
        return builder.AddRabbitMQ("rabbitmq", user, password)
            .WithDataVolume($"flowplatform-rabbitmq-{KeyOf(flags.DataDirectory)}")
            .WithEndpoint(port: streamPort, targetPort: StreamAddress.Port, scheme: "rabbitmq-stream", name: "stream", isProxied: false)
            .WithContainerFiles("/etc/rabbitmq", [new ContainerFile { Name = "enabled_plugins", Contents = "[rabbitmq_prometheus,rabbitmq_stream]." }])
            .WithContainerFiles("/etc/rabbitmq/conf.d", [new ContainerFile { Name = "90-flowplatform.conf", Contents = StreamConfiguration(streamPort) }]);
    }

    /// <summary>It is not waited for: Aspire takes a connection string as ready, and services connect again until they succeed.</summary>
    public static BrokerResource AddGivenBroker(IDistributedApplicationBuilder builder, string name, IResourceBuilder<ConnectionStringResource> stream) =>
        new(builder.AddConnectionString(name), stream, Awaited: null);

    /// <summary>Where a service listens: replicas are behind one proxy.</summary>
    public static IReadOnlyList<string> UrlsOf(IResourceBuilder<ProjectResource> service) => [service.GetEndpoint("http").Url];

    /// <summary>Aspire has one address for all replicas, and it stays.</summary>
    public static Task WaitForOtherUrlsAsync(IResourceBuilder<ProjectResource> service, ResourceNotificationService notifications, IReadOnlyList<string> known, CancellationToken cancellationToken) =>
        Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, cancellationToken);

    /// <summary>A container. Its first start makes each service's role and database, before anything can connect; their passwords are in its environment.</summary>
    public static IStoreServer AddPostgres(IDistributedApplicationBuilder builder, AppHostFlags flags, IReadOnlyList<string> databases)
    {
        var user = builder.AddParameter("postgres-user", "flow");
        var password = builder.AddParameter("postgres-password", new GenerateParameterDefault { MinLength = 28, Special = false }, secret: true, persist: true);
        var server = builder.AddPostgres("postgres", user, password)
            .WithDataVolume($"flowplatform-postgres-{KeyOf(flags.DataDirectory)}")
            .WithContainerFiles("/docker-entrypoint-initdb.d", [new ContainerFile { Name = "10-services.sh", Contents = PostgresContainer.Script(databases) }]);
        return new PostgresContainer(builder, server);
    }

    /// <summary>Nothing of ours runs before Aspire's resources do, so that nobody could make databases there.</summary>
    /// <exception cref="UsageException">Always.</exception>
    public static IStoreServer AddGivenPostgres(IDistributedApplicationBuilder builder, string name) =>
        throw new UsageException("With Aspire, databases are not made on a server that runs already: name each service's own in ConnectionStrings__<service>-db, " +
            "or unset ConnectionStrings__postgres for a container.");

    /// <summary>Aspire's own dashboard starts and stops resources.</summary>
    public static ResourceService? ResourcesOf(DistributedApplication app) => null;

    /// <summary>Aspire runs containers, or says itself why it can't: there is always a broker.</summary>
    public static Task<string?> WhyNoBrokerAsync(AppHostFlags flags) => Task.FromResult<string?>(null);

    /// <summary>Its messages are in a volume of the container engine.</summary>
    public static bool HoldsBroker(AppHostFlags flags) => false;

    private static EndpointReferenceExpression HostAndPort(DashboardResource dashboard, string endpoint) => dashboard.Project.GetEndpoint(endpoint).Property(EndpointProperty.HostAndPort);

    private static string StreamConfiguration(int advertisedPort) => string.Create(CultureInfo.InvariantCulture,
        $"stream.frame_max = 4194304\nstream.advertised_host = localhost\nstream.advertised_port = {advertisedPort}\n");

    private static string KeyOf(string dataDirectory) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(dataDirectory)))[..12];
}
