using FlowPlatform.Orchestration.Supervision;

namespace FlowPlatform.Orchestration.ResourceService;

/// <summary>All resources at one moment. What is here is the wire format, as JSON with names in camel case.</summary>
/// <param name="Version">1.</param>
/// <param name="Instance">Which AppHost: numbers of console lines begin anew with another.</param>
/// <param name="Application">Its name.</param>
/// <param name="Resources">In the order of their declaration.</param>
internal sealed record ResourceListing(int Version, string Instance, string Application, IReadOnlyList<ResourceDescription> Resources);

/// <summary>One resource, or one replica of it.</summary>
internal sealed record ResourceDescription
{
    public required string Name { get; init; }

    /// <summary>Project, Container, ConnectionString or Database.</summary>
    public required string Type { get; init; }

    /// <summary>By Aspire's names, and CrashLoop.</summary>
    public required string State { get; init; }

    /// <summary>success, info, warning or error.</summary>
    public string? StateStyle { get; init; }

    /// <summary>Healthy, Degraded or Unhealthy; null while it doesn't run.</summary>
    public string? Health { get; init; }

    /// <summary>Why it is in this state.</summary>
    public string? Reason { get; init; }

    public required IReadOnlyList<HealthReportDescription> HealthReports { get; init; }

    public int? ProcessId { get; init; }

    public DateTimeOffset? StartedAt { get; init; }

    public DateTimeOffset? StoppedAt { get; init; }

    public int Restarts { get; init; }

    public int? ExitCode { get; init; }

    /// <summary>How it crashed last.</summary>
    public string? LastEnd { get; init; }

    public required IReadOnlyList<EndpointDescription> Endpoints { get; init; }

    public required IReadOnlyList<EnvironmentDescription> Environment { get; init; }

    /// <summary>Whom it waits for (WaitFor) and knows of (Reference).</summary>
    public required IReadOnlyList<RelationshipDescription> Relationships { get; init; }

    /// <summary>None if it runs in one process.</summary>
    public IReadOnlyList<ResourceDescription> Replicas { get; init; } = [];

    /// <summary>In how many processes it may run; 1 if that can't be changed.</summary>
    public int MaxReplicas { get; init; } = 1;

    /// <summary>Whether this process shows the page that asks.</summary>
    public bool IsDashboard { get; init; }

    public required IReadOnlyList<CommandDescription> Commands { get; init; }
}

internal sealed record HealthReportDescription(string Name, string? Status, string? Reason);

internal sealed record EndpointDescription(string Name, string Url);

internal sealed record EnvironmentDescription(string Name, string Value, bool IsMasked);

internal sealed record RelationshipDescription(string Type, string Resource);

/// <param name="Name">start, stop, restart or set-replicas.</param>
/// <param name="IsEnabled">Whether it makes sense in the present state.</param>
internal sealed record CommandDescription(string Name, bool IsEnabled);

/// <summary>A change: the resource as it is now, or null when it is gone.</summary>
internal sealed record ResourceChange(string Name, ResourceDescription? Resource);

/// <param name="Instance">As in <see cref="ResourceListing"/>.</param>
/// <param name="Skipped">How many lines between the asked-for number and the first of these are gone.</param>
/// <param name="Lines">In order.</param>
internal sealed record ConsoleLines(string Instance, long Skipped, IReadOnlyList<ConsoleLine> Lines);

/// <param name="Replicas">For set-replicas.</param>
internal sealed record CommandRequest(int? Replicas);
