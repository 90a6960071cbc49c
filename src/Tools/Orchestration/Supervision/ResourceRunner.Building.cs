using Aspire.Hosting.ApplicationModel;

namespace FlowPlatform.Orchestration.Supervision;

/// <summary>What is said while its source is built.</summary>
internal abstract partial class ResourceRunner
{
    /// <summary>False while nobody wants it to run: it was stopped by command, or is to be started by one.</summary>
    public bool IsWanted => wanted;

    /// <summary>What runs goes on meanwhile, and is as healthy as before.</summary>
    public Task TellBuildingAsync(string reason) => PublishAsync(snapshot => snapshot.State?.Text == KnownResourceStates.Running
        ? snapshot with { State = new ResourceStateSnapshot(KnownResourceStates.Building, KnownResourceStateStyles.Info), Reason = Mask.Apply(reason) }
        : snapshot);

    /// <param name="fault">Why it can't be built; null if it was.</param>
    public Task TellBuiltAsync(string? fault) => PublishAsync(snapshot =>
    {
        var told = snapshot with { BuildFault = fault is null ? null : Mask.Apply(fault) };
        return told.State?.Text == KnownResourceStates.Building
            ? told with { State = new ResourceStateSnapshot(KnownResourceStates.Running, KnownResourceStateStyles.Success), Reason = null }
            : told;
    });
}
