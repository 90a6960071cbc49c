using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Aspire.Hosting.ApplicationModel;

public sealed record ResourceStateSnapshot(string Text, string? Style);

public static class KnownResourceStates
{
    public static readonly string NotStarted = nameof(NotStarted);
    public static readonly string Waiting = nameof(Waiting);
    public static readonly string Starting = nameof(Starting);
    public static readonly string Running = nameof(Running);
    public static readonly string Stopping = nameof(Stopping);
    public static readonly string Finished = nameof(Finished);
    public static readonly string Exited = nameof(Exited);
    public static readonly string FailedToStart = nameof(FailedToStart);

    /// <summary>Local only: it ended by itself again and again; it is started again after the longest back-off.</summary>
    internal static readonly string CrashLoop = nameof(CrashLoop);

    /// <summary>Its newest source is built, and what ran before goes on. Aspire has this state from 13.2 on.</summary>
    internal static readonly string Building = nameof(Building);

    internal static bool IsTerminal(string? state) => state == Finished || state == Exited || state == FailedToStart;
}

public static class KnownResourceStateStyles
{
    public static readonly string Success = "success";
    public static readonly string Info = "info";
    public static readonly string Warn = "warning";
    public static readonly string Error = "error";
}

/// <summary>What is known about a resource at one moment.</summary>
public sealed record CustomResourceSnapshot
{
    public required string ResourceType { get; init; }

    public ResourceStateSnapshot? State { get; init; }

    /// <summary>Null while it isn't running.</summary>
    public HealthStatus? HealthStatus { get; internal init; }

    public int? ExitCode { get; init; }

    /// <summary>Why it is in this state, for a reader; secrets masked.</summary>
    internal string? Reason { get; init; }

    /// <summary>Why its newest source could not be built, for a reader; secrets masked.</summary>
    internal string? BuildFault { get; init; }

    /// <summary>What each of its health checks says; empty while nothing is known.</summary>
    internal IReadOnlyList<HealthReportSnapshot> HealthReports { get; init; } = [];

    /// <summary>Null while no process of ours runs for it.</summary>
    internal int? ProcessId { get; init; }

    internal DateTimeOffset? StartedAt { get; init; }

    internal DateTimeOffset? StoppedAt { get; init; }

    /// <summary>How often it was started after the first time.</summary>
    internal int Restarts { get; init; }

    /// <summary>How it ended last, for a reader; kept when it runs again.</summary>
    internal string? LastEnd { get; init; }

    /// <summary>What it was told with its last start; secrets masked.</summary>
    internal IReadOnlyList<EnvironmentVariable> Environment { get; init; } = [];

    /// <summary>Its process is there.</summary>
    internal bool IsUp => State?.Text == KnownResourceStates.Running || State?.Text == KnownResourceStates.Building;

    internal bool IsReady => IsUp && HealthStatus == Microsoft.Extensions.Diagnostics.HealthChecks.HealthStatus.Healthy;

    internal bool IsTerminal => KnownResourceStates.IsTerminal(State?.Text);
}

/// <summary>The last answer of one health check.</summary>
internal sealed record HealthReportSnapshot(string Name, HealthStatus? Status, string? Reason);

/// <summary>A variable as it may be shown.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Value">Its value, in which secrets are replaced.</param>
/// <param name="IsMasked">Whether something in it was replaced.</param>
internal sealed record EnvironmentVariable(string Name, string Value, bool IsMasked);

public sealed class ResourceEvent(IResource resource, string resourceId, CustomResourceSnapshot snapshot)
{
    public IResource Resource { get; } = resource;

    public string ResourceId { get; } = resourceId;

    public CustomResourceSnapshot Snapshot { get; } = snapshot;
}
