namespace FlowPlatform.Dashboard.Resources;

/// <summary>All resources, as the AppHost tells of them. Fields that are missing or new don't keep it from being read: it may be older or newer.</summary>
internal sealed record ResourceListing(string Instance, string Application, IReadOnlyList<ResourceState> Resources);

/// <summary>One resource, or one replica of it, as it is now.</summary>
internal sealed record ResourceState
{
    public string Name { get; init; } = "";

    /// <summary>Project, Container, ConnectionString or Database.</summary>
    public string Type { get; init; } = "";

    /// <summary>By Aspire's names, and CrashLoop.</summary>
    public string State { get; init; } = "";

    /// <summary>success, info, warning or error.</summary>
    public string? StateStyle { get; init; }

    /// <summary>Healthy, Degraded or Unhealthy; null while it doesn't run.</summary>
    public string? Health { get; init; }

    public string? Reason { get; init; }

    public IReadOnlyList<HealthCheck> HealthReports { get; init; } = [];

    public int? ProcessId { get; init; }

    public DateTimeOffset? StartedAt { get; init; }

    public DateTimeOffset? StoppedAt { get; init; }

    public int Restarts { get; init; }

    public int? ExitCode { get; init; }

    /// <summary>How it crashed last.</summary>
    public string? LastEnd { get; init; }

    public IReadOnlyList<ResourceEndpoint> Endpoints { get; init; } = [];

    public IReadOnlyList<ResourceVariable> Environment { get; init; } = [];

    public IReadOnlyList<ResourceRelationship> Relationships { get; init; } = [];

    /// <summary>None if it runs in one process.</summary>
    public IReadOnlyList<ResourceState> Replicas { get; init; } = [];

    public int MaxReplicas { get; init; } = 1;

    public bool IsDashboard { get; init; }

    public IReadOnlyList<ResourceCommand> Commands { get; init; } = [];

    /// <summary>Whether it can be asked for that now.</summary>
    public bool Can(string command) => Commands.Any(known => known.Name == command && known.IsEnabled);

    /// <summary>Whether that is a command of it at all.</summary>
    public bool Has(string command) => Commands.Any(known => known.Name == command);
}

internal sealed record HealthCheck(string Name, string? Status, string? Reason);

internal sealed record ResourceEndpoint(string Name, string Url);

internal sealed record ResourceVariable(string Name, string Value, bool IsMasked);

internal sealed record ResourceRelationship(string Type, string Resource);

internal sealed record ResourceCommand(string Name, bool IsEnabled);

internal sealed record ResourceChange(string Name, ResourceState? Resource);

/// <param name="Number">Ascending without gaps, as long as the AppHost runs.</param>
/// <param name="At">When it was read.</param>
/// <param name="IsError">Whether it came on standard error.</param>
/// <param name="Text">With the control sequences that it was written with.</param>
internal sealed record ConsoleLine(long Number, DateTimeOffset At, bool IsError, string Text);

internal sealed record ConsoleLines(string Instance, long Skipped, IReadOnlyList<ConsoleLine> Lines);
