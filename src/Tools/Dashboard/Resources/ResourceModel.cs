namespace FlowPlatform.Dashboard.Resources;

/// <summary>All resources, as the AppHost tells of them. Fields that are missing or new don't keep it from being read: it may be older or newer.</summary>
internal sealed record ResourceListing(string Instance, string Application, IReadOnlyList<ResourceState> Resources);

/// <summary>One resource, or one replica of it, as it is now.</summary>
public sealed record ResourceState
{
    /// <summary>Its name; of a replica with its number, as <c>orders-2</c>.</summary>
    public string Name { get; init; } = "";

    /// <summary>Project, Container, ConnectionString or Database.</summary>
    public string Type { get; init; } = "";

    /// <summary>By Aspire's names, and CrashLoop.</summary>
    public string State { get; init; } = "";

    /// <summary>success, info, warning or error.</summary>
    public string? StateStyle { get; init; }

    /// <summary>Healthy, Degraded or Unhealthy; null while it doesn't run.</summary>
    public string? Health { get; init; }

    /// <summary>Why it is in this state.</summary>
    public string? Reason { get; init; }

    /// <summary>What each health check says.</summary>
    public IReadOnlyList<HealthCheck> HealthReports { get; init; } = [];

    /// <summary>Null while no process of the AppHost's runs for it.</summary>
    public int? ProcessId { get; init; }

    /// <summary>When it started last.</summary>
    public DateTimeOffset? StartedAt { get; init; }

    /// <summary>When it ended; null while it runs.</summary>
    public DateTimeOffset? StoppedAt { get; init; }

    /// <summary>Starts after the first one.</summary>
    public int Restarts { get; init; }

    /// <summary>Null if it was stopped, or runs.</summary>
    public int? ExitCode { get; init; }

    /// <summary>How it crashed last.</summary>
    public string? LastEnd { get; init; }

    /// <summary>Where it listens.</summary>
    public IReadOnlyList<ResourceEndpoint> Endpoints { get; init; } = [];

    /// <summary>What it was told with its last start.</summary>
    public IReadOnlyList<ResourceVariable> Environment { get; init; } = [];

    /// <summary>Whom it needs.</summary>
    public IReadOnlyList<ResourceRelationship> Relationships { get; init; } = [];

    /// <summary>None if it runs in one process.</summary>
    public IReadOnlyList<ResourceState> Replicas { get; init; } = [];

    /// <summary>1 if it can't be changed.</summary>
    public int MaxReplicas { get; init; } = 1;

    /// <summary>Whether it is this process.</summary>
    public bool IsDashboard { get; init; }

    /// <summary>What can be asked of it.</summary>
    public IReadOnlyList<ResourceCommand> Commands { get; init; } = [];

    /// <summary>Whether it can be asked for that now.</summary>
    public bool Can(string command) => Commands.Any(known => known.Name == command && known.IsEnabled);

    /// <summary>Whether that is a command of it at all.</summary>
    public bool Has(string command) => Commands.Any(known => known.Name == command);
}

/// <summary>The last answer of a health check.</summary>
/// <param name="Name">The check's name.</param>
/// <param name="Status">Null before the first answer.</param>
/// <param name="Reason">Why it isn't healthy.</param>
public sealed record HealthCheck(string Name, string? Status, string? Reason);

/// <summary>Where a resource listens.</summary>
/// <param name="Name">The endpoint's name.</param>
/// <param name="Url">Its address.</param>
public sealed record ResourceEndpoint(string Name, string Url);

/// <summary>A variable of a resource's environment.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Value">Its value, in which secrets are replaced.</param>
/// <param name="IsMasked">Whether something was replaced.</param>
public sealed record ResourceVariable(string Name, string Value, bool IsMasked);

/// <summary>What a resource has to do with another.</summary>
/// <param name="Type">WaitFor, Reference or Parent.</param>
/// <param name="Resource">The other's name.</param>
public sealed record ResourceRelationship(string Type, string Resource);

/// <summary>Something that can be asked of a resource.</summary>
/// <param name="Name">start, stop, restart or set-replicas.</param>
/// <param name="IsEnabled">Whether it makes sense now.</param>
public sealed record ResourceCommand(string Name, bool IsEnabled);

internal sealed record ResourceChange(string Name, ResourceState? Resource);

/// <param name="Number">Ascending without gaps, as long as the AppHost runs.</param>
/// <param name="At">When it was read.</param>
/// <param name="IsError">Whether it came on standard error.</param>
/// <param name="Text">With the control sequences that it was written with.</param>
internal sealed record ConsoleLine(long Number, DateTimeOffset At, bool IsError, string Text);

internal sealed record ConsoleLines(string Instance, long Skipped, IReadOnlyList<ConsoleLine> Lines);
