using Aspire.Hosting;
using Aspire.Hosting.ApplicationModel;
using FlowPlatform.Orchestration;
using Microsoft.Extensions.Configuration;

// The system: a log, and services with a private store each that know each other only by its streams. State is kept in .flow/data; delete that to begin anew.
var builder = DistributedApplication.CreateBuilder(args);
var data = Path.GetFullPath(builder.Configuration["Flow:Data"] ?? Path.Combine(builder.AppHostDirectory, "..", ".flow", "data"));
builder.Configuration["Flow:Data"] = data;
var adminKey = Secret("admin-key");
var (log, awaited) = AddLog();
//-:cnd:noEmit
#if DASHBOARD
var dashboard = WithLog(builder.AddProject<Projects.Dashboard>("dashboard", launchProfileName: null), wait: false)
    .WithEnvironment("FLOW_DATA", Path.Combine(data, "dashboard"))
    .WithEnvironment("FLOW_ADMIN_KEY", adminKey)
    .AsDashboard(Secret("dashboard-token"), Secret("otlp-key"));
#endif
//+:cnd:noEmit

AddService<Projects.Orders>("orders");
AddService<Projects.Insights>("insights");

await builder.Build().RunAsync();

IResourceBuilder<ProjectResource> AddService<TProject>(string name)
    where TProject : IProjectMetadata, new()
{
    var service = WithLog(builder.AddProject<TProject>(name, launchProfileName: null).WithHttpEndpoint().WithHttpHealthCheck("/health"), wait: true)
        .WithEnvironment("FLOW_DATA", Path.Combine(data, name))
        .WithEnvironment("FLOW_ADMIN_KEY", adminKey);
    //-:cnd:noEmit
#if DASHBOARD
    dashboard.WithReference(service);
#endif
    //+:cnd:noEmit
    return service;
}

// A private RabbitMQ, by both of its protocols; what it needs is found on this machine, or fetched, without root. With --log embedded, streams are files instead: for trying, on this machine only.
(IResourceBuilder<IResourceWithConnectionString>[] Connections, IResourceBuilder<IResource>? Awaited) AddLog()
{
    if (builder.Configuration["log"] == "embedded")
    {
        return ([builder.AddConnectionString("embedded-log", ReferenceExpression.Create($"{Path.Combine(data, "log")}"))], null);
    }

    var user = builder.AddParameter("rabbitmq-user", "flow");
    var password = Secret("rabbitmq-password");
    var broker = builder.AddRabbitMQ("rabbitmq", user, password).WithEndpoint(targetPort: 5552, scheme: "rabbitmq-stream", name: "stream", isProxied: false);
    var address = broker.GetEndpoint("stream").Property(EndpointProperty.HostAndPort);
    return ([broker, builder.AddConnectionString("rabbitmq-stream", ReferenceExpression.Create($"rabbitmq-stream://{user}:{password}@{address}"))], broker);
}

IResourceBuilder<ProjectResource> WithLog(IResourceBuilder<ProjectResource> project, bool wait)
{
    foreach (var connection in log)
    {
        project.WithReference(connection);
    }

    return wait && awaited is not null ? project.WaitFor(awaited) : project;
}

// Made at the first start, and kept with the data.
IResourceBuilder<ParameterResource> Secret(string name) => builder.AddParameter(name, new GenerateParameterDefault { MinLength = 32, Special = false }, secret: true, persist: true);
