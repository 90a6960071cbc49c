using FlowPlatform.Hosting;

namespace FlowPlatform.Dashboard.Streams;

/// <summary>What one replica said of itself when it was last asked.</summary>
/// <param name="Address">Whom.</param>
/// <param name="At">When it was asked.</param>
/// <param name="Flow">Its status; null if it didn't answer, or nothing flows there.</param>
/// <param name="Health"><c>Healthy</c>, <c>Degraded</c>, <c>Unhealthy</c>, or <c>No answer</c>.</param>
/// <param name="Reasons">Why it is not healthy, as its health checks say.</param>
/// <param name="Fault">Why it didn't answer; else null.</param>
internal sealed record ServiceReading(ServiceAddress Address, DateTimeOffset At, FlowStatus? Flow, string Health, IReadOnlyList<string> Reasons, string? Fault)
{
    public const string NoAnswer = "No answer";
}

/// <summary>What <c>/health</c> answers.</summary>
internal sealed record HealthAnswer(string? Status, IReadOnlyList<HealthAnswer.Check>? Checks)
{
    internal sealed record Check(string? Name, string? Status, string? Reason);
}

/// <summary>Where a partition of the log begins and ends, when it was last looked at.</summary>
/// <param name="Stream">Its stream.</param>
/// <param name="Partition">Its index.</param>
/// <param name="At">When.</param>
/// <param name="First">Offset of the oldest event; null if it is empty, or unknown.</param>
/// <param name="Last">Offset of the newest.</param>
/// <param name="LastAt">When the newest was stored.</param>
/// <param name="Leader">Node of the leader; null where the log doesn't tell.</param>
/// <param name="Replicas">Nodes of the other members.</param>
/// <param name="Bytes">Size of the whole stream's file; null where the log doesn't tell.</param>
/// <param name="Fault">Why it couldn't be looked at; else null.</param>
internal sealed record PartitionReading(
    string Stream, int Partition, DateTimeOffset At, long? First, long? Last, DateTimeOffset? LastAt, string? Leader, IReadOnlyList<string> Replicas, long? Bytes, string? Fault)
{
    /// <summary>How many events it holds, as far as offsets tell: there may be gaps.</summary>
    public long Count => Last is { } last ? last - (First ?? 0) + 1 : 0;
}
