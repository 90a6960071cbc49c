using Aspire.Hosting;
using Aspire.Hosting.ApplicationModel;

namespace FlowPlatform.AppHost;

/// <summary>What administrators do most, as commands of Aspire's resources: what they did is told by the service's own audit.</summary>
internal static class ServiceCommands
{
    private const string Check = "check";
    private const string Redrive = "redrive";

    public static void AddTo(IResourceBuilder<ProjectResource> service, IResourceBuilder<ParameterResource> adminKey)
    {
        if (service.Resource.Name == "simulator")
        {
            service.WithCommand(Check, "Check invariants", context => ExecuteAsync(AdminApi.CheckAsync, context), new CommandOptions
            {
                Description = "Holds the simulated customers back until all is quiet, and checks that money, stock and counts agree between services.",
                IconName = "CheckmarkCircle",
                UpdateState = WhileRunning,
            });
            return;
        }
        service.WithCommand(Redrive, "Redrive parked keys", context => ExecuteAsync(AdminApi.RedriveAsync, context), new CommandOptions
        {
            Description = "Applies the events behind all parked keys of the service's consumers again, in order; what succeeds is unblocked.",
            ConfirmationMessage = "Apply the events behind all parked keys again?",
            IconName = "ArrowClockwise",
            UpdateState = WhileRunning,
        });

        async Task<ExecuteCommandResult> ExecuteAsync(Func<Uri, string, CancellationToken, Task<string?>> act, ExecuteCommandContext context)
        {
            var key = await adminKey.Resource.GetValueAsync(context.CancellationToken);
            return await act(new Uri(service.GetEndpoint("http").Url), key ?? "", context.CancellationToken) is { } fault ? CommandResults.Failure(fault) : CommandResults.Success();
        }
    }

    /// <summary>Not only while healthy: parked keys are what degrades a service, and too many of them stop its consumer.</summary>
    private static ResourceCommandState WhileRunning(UpdateCommandStateContext context) =>
        context.ResourceSnapshot.State?.Text == KnownResourceStates.Running ? ResourceCommandState.Enabled : ResourceCommandState.Disabled;
}
