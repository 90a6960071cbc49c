using System.Reflection;
using Aspire.Hosting.ApplicationModel;
using Aspire.Hosting.Testing;
using FlowPlatform.Orchestration.Display;
using FlowPlatform.Orchestration.ResourceService;
using FlowPlatform.Orchestration.Supervision;
using FlowPlatform.Orchestration.Testing;
using FlowPlatform.Orchestration.Watching;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Aspire.Hosting;

public sealed class DistributedApplicationOptions
{
    /// <summary>Configuration on the command line (<c>--key=value</c>).</summary>
    public string[]? Args { get; set; }

    /// <summary>Shown above the table of resources.</summary>
    public string? DashboardApplicationName { get; set; }
}

/// <summary>The application can't be run. The message names the fault and the cure.</summary>
public class DistributedApplicationException : Exception
{
    public DistributedApplicationException(string message)
        : base(message)
    {
    }

    public DistributedApplicationException(string message, Exception inner)
        : base(message, inner)
    {
    }
}

public sealed class DistributedApplicationExecutionContext
{
    internal DistributedApplicationExecutionContext()
    {
    }

    /// <summary>Whether the resources are to run; otherwise artefacts are written that deploy them.</summary>
    public bool IsRunMode { get; internal init; } = true;

    public bool IsPublishMode { get; internal init; }
}

public interface IDistributedApplicationBuilder
{
    /// <summary>The folder of the AppHost's project.</summary>
    string AppHostDirectory { get; }

    ConfigurationManager Configuration { get; }

    DistributedApplicationExecutionContext ExecutionContext { get; }

    IServiceCollection Services { get; }

    /// <summary>As they were added.</summary>
    IResourceCollection Resources { get; }

    IResourceBuilder<T> AddResource<T>(T resource)
        where T : IResource;

    /// <summary>The builder of a resource that was added before.</summary>
    IResourceBuilder<T> CreateResourceBuilder<T>(T resource)
        where T : IResource;

    DistributedApplication Build();
}

internal sealed class DistributedApplicationBuilder : IDistributedApplicationTestingBuilder
{
    private readonly HostApplicationBuilder host;
    private readonly ResourceCollection resources = [];
    private readonly EntryPointRun? run = EntryPointRun.Current;
    private bool isLeftToApplication;
    private readonly string applicationName;

    public DistributedApplicationBuilder(DistributedApplicationOptions options)
    {
        AppHostDirectory = FindAppHostDirectory(run?.AppHost ?? Assembly.GetEntryAssembly());
        applicationName = options.DashboardApplicationName ?? Path.GetFileName(AppHostDirectory);
        host = Host.CreateApplicationBuilder(new HostApplicationBuilderSettings { Args = options.Args, ContentRootPath = AppHostDirectory });
        host.Logging.ClearProviders(); // the console belongs to the view of resources
        if (run is not null)
        {
            Configuration["Flow:Data"] ??= run.DataDirectory;
            Services.AddHttpClient();
        }
    }

    public string AppHostDirectory { get; }

    public ConfigurationManager Configuration => host.Configuration;

    public DistributedApplicationExecutionContext ExecutionContext { get; } = new();

    public IServiceCollection Services => host.Services;

    public OrchestratorSettings Settings => field ??= OrchestratorSettings.From(Configuration, AppHostDirectory, host.Environment.IsDevelopment());

    public SecretMask Mask { get; } = new();

    /// <summary>As they were added, before replicas.</summary>
    public IResourceCollection Resources => resources;

    public SecretStore Secrets => field ??= new SecretStore(Settings.DataDirectory);

    public IResourceBuilder<T> AddResource<T>(T resource)
        where T : IResource
    {
        if (resources.Any(other => string.Equals(other.Name, resource.Name, StringComparison.OrdinalIgnoreCase)))
        {
            throw new DistributedApplicationException($"Two resources have the name '{resource.Name}'.");
        }
        resources.Add(resource);
        return new ResourceBuilder<T>(this, resource);
    }

    public IResourceBuilder<T> CreateResourceBuilder<T>(T resource)
        where T : IResource => new ResourceBuilder<T>(this, resource);

    public DistributedApplication Build()
    {
        if (run is not null && EntryPointRun.Current is null)
        {
            throw new InvalidOperationException("The AppHost's entry point builds the application: call BuildAsync.");
        }
        run?.WaitToBuild(this);
        AddServices();
        var application = new DistributedApplication(host.Build(), run);
        run?.Built(application);
        return application;
    }

    public Task<DistributedApplication> BuildAsync(CancellationToken cancellationToken = default)
    {
        isLeftToApplication = true;
        return run is null ? Task.FromResult(Build()) : run.BuildAsync(cancellationToken);
    }

    /// <summary>Gives up what was not built; what was is its own to end.</summary>
    public async ValueTask DisposeAsync()
    {
        if (run is not null && !isLeftToApplication)
        {
            isLeftToApplication = true;
            await run.EndAsync();
            run.Dispose();
        }
    }

    /// <summary>The same, without waiting for it.</summary>
    public void Dispose() => _ = DisposeAsync().AsTask();

    private void AddServices()
    {
        var expanded = Replicas.Expand(resources);
        Services.AddSingleton(TimeProvider.System);
        Services.AddSingleton(Settings);
        Services.AddSingleton(Mask);
        Services.AddSingleton(new ResourceNotificationService { StopsWaiting = run is not null });
        Services.AddSingleton<IReadOnlyList<IResource>>(expanded);
        Services.AddSingleton(ExecutionContext);
        Services.AddSingleton<DashboardLink>();
        Services.AddSingleton<RunnerFactory>();
        Services.AddSingleton<RunningResources>();
        Services.AddSingleton<ResourceDescriber>();
        Services.AddSingleton<ResourceFeed>();
        Services.AddSingleton(services => ActivatorUtilities.CreateInstance<ResourceServer>(services, applicationName));
        Services.AddSingleton<SourceWatch>();
        Services.AddSingleton<Orchestrator>();
        Services.AddSingleton(services => ResourceView.Create(
            run is null ? null : TextWriter.Null, applicationName, expanded.Where(resource => !resource.IsReplicated()), services.GetRequiredService<ResourceNotificationService>(), Settings, Mask));
        if (run is null)
        {
            Services.AddSingleton<IHostLifetime, AppHostLifetime>();
        }
        else
        {
            Services.AddSingleton<IHostLifetime, QuietLifetime>();
        }
        Services.AddHostedService(services => services.GetRequiredService<Orchestrator>());
        // Everything stops within 10 s; the host's own limit must not cut in before.
        Services.Configure<HostOptions>(options => options.ShutdownTimeout = TimeSpan.FromSeconds(15));
    }

    /// <summary>Written into the AppHost's assembly by build/ProjectMetadata.targets, under the name that Aspire uses.</summary>
    private static string FindAppHostDirectory(Assembly? appHost) =>
        appHost?.GetCustomAttributes<AssemblyMetadataAttribute>()
            .FirstOrDefault(attribute => attribute.Key == "apphostprojectpath")?.Value ?? Directory.GetCurrentDirectory();

    private sealed class ResourceCollection : List<IResource>, IResourceCollection;

    private sealed record ResourceBuilder<T>(IDistributedApplicationBuilder ApplicationBuilder, T Resource) : IResourceBuilder<T>
        where T : IResource;
}
