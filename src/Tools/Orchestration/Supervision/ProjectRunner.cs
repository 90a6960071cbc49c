using Aspire.Hosting;
using Aspire.Hosting.ApplicationModel;
using FlowPlatform.Orchestration.Broker;
using FlowPlatform.Orchestration.Processes;
using FlowPlatform.Orchestration.Watching;

namespace FlowPlatform.Orchestration.Supervision;

/// <summary>Runs a project's built assembly with <c>dotnet</c>: no build, no launcher in between, so the pid is the service's own.</summary>
internal sealed class ProjectRunner(
    ProjectResource resource, ResourceNotificationService notifications, ProjectEnvironment environment,
    SecretMask mask, ProcessJournal journal, ResourceLog log, BuildOutputs? outputs, TimeProvider time)
    : HealthCheckedRunner(resource, notifications, mask, time)
{
    protected override async Task<ISupervised> StartAsync(CancellationToken cancellationToken)
    {
        var assembly = FindAssembly();
        CheckPorts();
        var variables = await environment.MakeAsync(cancellationToken);
        await PublishEnvironmentAsync(environment.Show(variables));
        var start = new ChildProcessStart(DotnetHost.Path,
            [assembly, .. resource.Annotations.OfType<ArgumentsAnnotation>().SelectMany(annotation => annotation.Arguments)])
        {
            WorkingDirectory = WorkingDirectory(assembly),
            Environment = variables,
            OnLine = log.Add,
        };
        try
        {
            var child = await ChildProcess.StartAsync(start);
            if (child.Identity is { } identity)
            {
                journal.Add(resource.Name, identity);
            }
            return new SupervisedProcess(child, journal, Time);
        }
        catch (Exception e) when (e is FileNotFoundException or System.ComponentModel.Win32Exception or IOException)
        {
            throw new StartFailedException(e.Message, e);
        }
    }

    /// <summary>A dashboard has no work to be done with.</summary>
    protected override bool IsDeliberate(int exitCode) => !resource.Annotations.OfType<DashboardAnnotation>().Any() && base.IsDeliberate(exitCode);

    private string FindAssembly()
    {
        if (resource.Annotations.OfType<IProjectMetadata>().First() is not IBuiltProjectMetadata built)
        {
            throw new StartFailedException("where its assembly is built is unknown: import build/ProjectMetadata.targets into the AppHost's project");
        }
        return outputs?.AssemblyOf(built) is { } copy ? copy
            : File.Exists(built.TargetPath)
            ? built.TargetPath
            : throw new StartFailedException($"{built.TargetPath} doesn't exist. Build the AppHost, which builds its services with it.");
    }

    /// <summary>The project's folder, where its appsettings.json is; the assembly's own once it is deployed without sources.</summary>
    private string WorkingDirectory(string assembly)
    {
        var project = Path.GetDirectoryName(resource.Annotations.OfType<IProjectMetadata>().First().ProjectPath);
        return project is not null && Directory.Exists(project) ? project : Path.GetDirectoryName(assembly)!;
    }

    private void CheckPorts()
    {
        foreach (var endpoint in resource.Annotations.OfType<EndpointAnnotation>())
        {
            if (endpoint.AllocatedPort is { } port && !LoopbackPorts.IsFree(port))
            {
                throw new StartFailedException($"its port {port} (endpoint '{endpoint.Name}') is taken on 127.0.0.1 by another process. End that, or choose another port.");
            }
        }
    }
}
