using Aspire.Hosting;
using Aspire.Hosting.ApplicationModel;
using FlowPlatform.Orchestration.Supervision;

namespace FlowPlatform.Orchestration.Publishing;

/// <summary>Reads the model that a run would start.</summary>
internal sealed class DeploymentReader(IReadOnlyList<IResource> resources, PublishRequest request, IDeploymentHosts hosts)
{
    public const int OtlpGrpcPort = 4317;
    public const int OtlpHttpPort = 4318;
    private const string Any = "http://*";
    private const int FirstLocalPort = 18_080;

    private readonly ProjectResource[] projects = [.. resources.OfType<ProjectResource>()];

    private ProjectResource? Dashboard => Array.Find(projects, project => project.Annotations.OfType<DashboardAnnotation>().Any());

    /// <exception cref="PublishException">The model has something that can't be deployed.</exception>
    public async Task<Deployment> ReadAsync()
    {
        var workloads = new List<Workload>();
        foreach (var project in projects)
        {
            workloads.Add(await ReadAsync(project));
        }
        var broker = resources.OfType<RabbitMQServerResource>().FirstOrDefault() ?? throw new PublishException("The model has no RabbitMQ server: an embedded log is for one machine and is not deployed.");
        return new Deployment(workloads, broker, resources.OfType<PostgresServerResource>().FirstOrDefault())
        {
            BrokerUser = await DeploymentValues.ResolveAsync(broker.UserName, hosts),
            Databases = [.. resources.SelectMany(resource => resource.Annotations.OfType<ServiceDatabaseAnnotation>()).Select(made => new WorkloadDatabase(made.Name, made.Password.Name))],
        };
    }

    private async Task<Workload> ReadAsync(ProjectResource project)
    {
        var metadata = project.Annotations.OfType<IBuiltProjectMetadata>().First();
        var waits = project.Annotations.OfType<WaitAnnotation>().Select(wait => wait.Resource).ToArray();
        var hasDatabase = waits.OfType<PostgresDatabaseResource>().Any();
        var replicas = project.Annotations.OfType<ReplicasAnnotation>().LastOrDefault()?.Count ?? 1;
        var isDashboard = project == Dashboard;
        if (replicas > request.Partitions)
        {
            throw new PublishException($"{project.Name} has {replicas} replicas, but its streams have {request.Partitions} partitions: the others would stand by for ever. Choose up to {request.Partitions}.");
        }
        return new Workload(project.Name, $"{request.Images}/{Path.GetFileNameWithoutExtension(metadata.ProjectPath).ToLowerInvariant()}", Path.GetFileName(metadata.TargetPath))
        {
            Environment = await EnvironmentAsync(project, isDashboard),
            WaitsFor = [.. waits.Select(NameOf).OfType<string>().Distinct().Order(StringComparer.Ordinal)],
            CalledBy = [.. projects.Where(other => Refers(other, project)).Select(other => other.Name).Order(StringComparer.Ordinal)],
            OtherPorts = isDashboard ? [("otlp-grpc", OtlpGrpcPort), ("otlp-http", OtlpHttpPort)] : [],
            IsExternal = project.Annotations.OfType<EndpointAnnotation>().Any(endpoint => endpoint.IsExternal),
            LocalPort = FirstLocalPort + Array.IndexOf(projects, project),
            IsDashboard = isDashboard,
            HasFiles = !hasDatabase,
            Shares = hasDatabase,
            Replicas = replicas,
        };
    }

    private static bool Refers(ProjectResource from, ProjectResource to) => from.Annotations.OfType<ReferenceAnnotation>().Any(reference => reference.Resource == to);

    /// <summary>What stands for it where it is deployed: a database is there once its server is.</summary>
    private static string? NameOf(IResource resource) => resource switch
    {
        PostgresDatabaseResource database => database.Parent.Name,
        ProjectResource or RabbitMQServerResource or PostgresServerResource => resource.Name,
        _ => null,
    };

    private async Task<IReadOnlyList<(string Name, DeploymentText Value)>> EnvironmentAsync(ProjectResource project, bool isDashboard)
    {
        var context = new EnvironmentCallbackContext(new DistributedApplicationExecutionContext { IsRunMode = false, IsPublishMode = true });
        context.EnvironmentVariables["ASPNETCORE_URLS"] = FormattableString.Invariant($"{Any}:{Workload.HttpPort}");
        context.EnvironmentVariables["LOGGING__CONSOLE__FORMATTERNAME"] = "simple";
        AddTelemetry(context.EnvironmentVariables, project, isDashboard);
        foreach (var annotation in project.Annotations.OfType<EnvironmentCallbackAnnotation>())
        {
            annotation.Callback(context);
        }
        var variables = new List<(string, DeploymentText)>();
        foreach (var (name, value) in context.EnvironmentVariables.OrderBy(variable => variable.Key, StringComparer.Ordinal))
        {
            variables.Add((name, await DeploymentValues.ResolveAsync(value, hosts)));
        }
        return variables;
    }

    /// <summary>As in a run: the dashboard receives what services send.</summary>
    private void AddTelemetry(Dictionary<string, object> variables, ProjectResource project, bool isDashboard)
    {
        if (Dashboard?.Annotations.OfType<DashboardAnnotation>().First() is not { } annotation)
        {
            return;
        }
        if (isDashboard)
        {
            variables["ASPIRE_DASHBOARD_OTLP_ENDPOINT_URL"] = FormattableString.Invariant($"{Any}:{OtlpGrpcPort}");
            variables["ASPIRE_DASHBOARD_OTLP_HTTP_ENDPOINT_URL"] = FormattableString.Invariant($"{Any}:{OtlpHttpPort}");
            variables["DASHBOARD__OTLP__PRIMARYAPIKEY"] = annotation.TelemetryKey;
            variables["DASHBOARD__FRONTEND__BROWSERTOKEN"] = annotation.Token;
            return;
        }
        var address = new EndpointReference(Dashboard, DashboardExtensions.GrpcEndpoint).Property(EndpointProperty.HostAndPort);
        variables["OTEL_SERVICE_NAME"] = project.Name;
        variables["OTEL_EXPORTER_OTLP_ENDPOINT"] = ReferenceExpression.Create($"http://{address}");
        variables["OTEL_EXPORTER_OTLP_PROTOCOL"] = "grpc";
        variables["OTEL_EXPORTER_OTLP_HEADERS"] = ReferenceExpression.Create($"x-otlp-api-key={annotation.TelemetryKey}");
    }
}
