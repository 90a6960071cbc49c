using FlowPlatform.Dashboard.Controls;

namespace FlowPlatform.Dashboard.Resources;

/// <summary>A resource's state in a word and a colour.</summary>
/// <param name="Dot">The colour.</param>
/// <param name="Text">The word.</param>
internal readonly record struct ResourceTone(DotState Dot, string Text)
{
    /// <summary>A service that starts isn't healthy yet; that is no fault so soon after its start, unless it has crashed.</summary>
    private static readonly TimeSpan StartTime = TimeSpan.FromSeconds(30);

    public static ResourceTone Of(ResourceState resource, DateTimeOffset now) => resource.State switch
    {
        "Running" => resource.Health switch
        {
            "Healthy" => new(DotState.Good, "Running"),
            "Degraded" => new(DotState.Warning, "Degraded"),
            "Unhealthy" when resource.LastEnd is null && now - resource.StartedAt < StartTime => new(DotState.Busy, "Starting up"),
            "Unhealthy" => new(DotState.Error, "Unhealthy"),
            _ => new(DotState.Busy, "Running, not ready yet"),
        },
        "Starting" when resource.StateStyle == "warning" => new(DotState.Error, "Crashed"),
        "CrashLoop" => new(DotState.Error, "Keeps crashing"),
        "FailedToStart" => new(resource.StateStyle == "info" ? DotState.Warning : DotState.Error, "Failed to start"),
        "Exited" => resource.ExitCode is null ? new(DotState.Neutral, "Stopped") : new(DotState.Error, "Ended with a fault"),
        "Finished" => new(DotState.Neutral, "Finished"),
        "NotStarted" => new(DotState.Neutral, "Not started"),
        "" => new(DotState.Neutral, "Unknown"),
        var other => new(DotState.Busy, other),
    };
}
