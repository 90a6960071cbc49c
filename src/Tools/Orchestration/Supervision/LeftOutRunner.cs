using Aspire.Hosting;
using Aspire.Hosting.ApplicationModel;

namespace FlowPlatform.Orchestration.Supervision;

/// <summary>
/// A project that its developer runs himself, under a debugger say, in the place that it has here: at its address, and with the environment that it would have had. Whoever waits for it waits until it is healthy.
/// </summary>
internal sealed class LeftOutRunner(
    ProjectResource resource, ResourceNotificationService notifications, ProjectEnvironment environment, OrchestratorSettings settings, SecretMask mask, TimeProvider time)
    : HealthCheckedRunner(resource, notifications, mask, time)
{
    public override bool TakesCommands => false;

    protected override async Task<ISupervised> StartAsync(CancellationToken cancellationToken)
    {
        var variables = await environment.MakeAsync(cancellationToken);
        await PublishEnvironmentAsync(environment.Show(variables));
        var file = EnvironmentFile.Write(settings.DataDirectory, resource.Name, variables);
        StartProgress.Report($"left to you; its environment is in {file}. From a shell: (set -a; . {file}; dotnet run --no-launch-profile --project {resource.Annotations.OfType<IProjectMetadata>().First().ProjectPath})");
        return new Elsewhere();
    }
}
