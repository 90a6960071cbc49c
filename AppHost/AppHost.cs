using Aspire.Hosting;
using Aspire.Hosting.ApplicationModel;
using FlowPlatform.AppHost;

// The system: a broker, five services with a private store each that know each other only by its streams, the simulator that drives them from outside, and the dashboard that shows them.
var (flags, exitCode) = AppHostFlags.Read(args, Projects.AppHost.ProjectPath, ServiceNames.All);
if (flags is null)
{
    return exitCode;
}

var builder = DistributedApplication.CreateBuilder(new DistributedApplicationOptions { Args = flags.HostArguments, DashboardApplicationName = "FlowPlatform" });
HostMode.Configure(builder, flags);

var adminKey = builder.AddParameter("admin-key", new GenerateParameterDefault { MinLength = 32, Special = false }, secret: true, persist: true);
var broker = await builder.AddBrokerAsync(flags);
var stores = builder.AddStores(flags);
if (broker is null || stores is null)
{
    return AppHostFlags.Misuse;
}
var dashboard = builder.AddDashboard(flags, adminKey, broker);
List<IResourceBuilder<ProjectResource>> services = [];

var orders = AddService<Projects.Orders>().WithExternalHttpEndpoints();
var inventory = AddService<Projects.Inventory>().WithEnvironment("FLOW_MODE", flags.Mode);
var payments = AddService<Projects.Payments>().WithEnvironment("FLOW_MODE", flags.Mode);
var shipping = AddService<Projects.Shipping>();
var insights = AddService<Projects.Insights>().WithExternalHttpEndpoints();

// Customers, the card gateway and the courier live outside the system: the simulator plays them.
var simulator = AddProject<Projects.Simulator>("simulator")
    .WithReference(orders).WaitFor(orders).WithReference(inventory).WaitFor(inventory)
    .WithReference(payments).WaitFor(payments).WithReference(shipping).WaitFor(shipping)
    .WithReference(insights).WaitFor(insights)
    .WithSimulation(flags);
payments.WithReference(simulator);
shipping.WithReference(simulator);

return flags.Publish is { } publish
    ? await HostMode.PublishAsync(builder, publish)
    : await AppHostRun.RunAsync(builder.Build(), flags, adminKey, broker, stores, dashboard, simulator, services);

// A service of the system: a project in src/Services, under its own name, with a private store.
IResourceBuilder<ProjectResource> AddService<TProject>()
    where TProject : IProjectMetadata, new()
{
    services.Add(AddProject<TProject>(ServiceNames.Of(typeof(TProject))).WithStore(stores));
    return services[^1];
}

IResourceBuilder<ProjectResource> AddProject<TProject>(string name)
    where TProject : IProjectMetadata, new() => builder.AddProject<TProject>(name, launchProfileName: null)
        .WithHttpEndpoint()
        .WithHttpHealthCheck("/health")
        .WithReplicas(flags.Replicas.GetValueOrDefault(name, 1))
        .WithBroker(broker)
        .WithEnvironment("FLOW_DATA", Path.Combine(flags.DataDirectory, name))
        .WithAdmin(adminKey)
        .WithDashboard(dashboard);
