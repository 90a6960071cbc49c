namespace FlowPlatform.Dashboard.Parked;

/// <summary>A page of what <c>GET /flow/parked</c> answers.</summary>
internal sealed record ParkedKeysAnswer(IReadOnlyList<ParkedKey>? Keys, string? Next);

/// <summary>A key whose events a consumer can't apply.</summary>
internal sealed record ParkedKey(string Consumer, string Stream, int Partition, string Key, long Events, DateTimeOffset Since, string Reason, string Exception, int Failures, string State, ParkedRequest? Request)
{
    /// <summary>Path below the service's address.</summary>
    public string Path => $"/flow/parked/{Uri.EscapeDataString(Consumer)}/{Uri.EscapeDataString(Stream)}/{Partition}/{Uri.EscapeDataString(Key)}";
}

/// <summary>What the owner of a partition was asked to do with a key, and has not done yet.</summary>
internal sealed record ParkedRequest(string Id, string Actor, string? Reason, DateTimeOffset At, string? EventId);

/// <summary>The events behind a parked key.</summary>
internal sealed record ParkedQueue(ParkedKey Key, string? Stack, IReadOnlyList<ParkedEvent>? Events, long? Next);

/// <summary>An event behind a parked key.</summary>
internal sealed record ParkedEvent(
    long Number, string EventId, string Type, long Offset, DateTimeOffset Time, DateTimeOffset CommittedAt, DateTimeOffset ParkedAt, string? CorrelationId, string? CausationId, string? TraceParent, string Data, bool Truncated);

/// <summary>A page of what <c>GET /flow/audit</c> answers.</summary>
internal sealed record AuditPage(IReadOnlyList<AuditEntry>? Entries, long? Next);

/// <summary>Who did what, when and why.</summary>
internal sealed record AuditEntry(long Number, DateTimeOffset At, string Actor, string Action, string? Reason, string? Consumer, string? Stream, int? Partition, string? Key, string? Detail);

/// <summary>A key and whose it is.</summary>
internal sealed record ServiceKey(string Service, ParkedKey Key);

/// <summary>An entry of the audit and whose it is.</summary>
internal sealed record ServiceAudit(string Service, AuditEntry Entry);

/// <summary>What all services answered.</summary>
/// <param name="Rows">Of those that did.</param>
/// <param name="Faults">Why others didn't.</param>
/// <param name="More">There is more than is shown.</param>
internal sealed record Gathered<T>(IReadOnlyList<T> Rows, IReadOnlyList<string> Faults, bool More);
