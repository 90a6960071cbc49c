using FlowPlatform.Log;

namespace FlowPlatform.Stores;

/// <summary>Something about the log that an operator should know: what it lost, what was announced as lost, what somebody accepted.</summary>
/// <param name="Consumer">Who noted it: a consumer, or <see cref="Relay"/>.</param>
/// <param name="Partition">Where.</param>
/// <param name="Mark">How far that consumer, or the outbox, had come.</param>
/// <param name="Kind">gap, lost-tail, gap-accepted or adopted.</param>
/// <param name="Detail">In words.</param>
/// <param name="NotedAt">When it was noted, UTC.</param>
public sealed record Incident(string Consumer, PartitionId Partition, long Mark, string Kind, string Detail, DateTimeOffset NotedAt)
{
    /// <summary>Stands for the outbox's relay among the consumers.</summary>
    public const string Relay = "outbox";
}
