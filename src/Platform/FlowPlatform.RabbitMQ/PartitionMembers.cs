namespace FlowPlatform.RabbitMQ;

/// <summary>On which nodes a partition is kept, as one node of the broker sees it: a hint, for it may be stale.</summary>
/// <param name="Leader">Host and port of the leader; null while there is none.</param>
/// <param name="Replicas">Hosts and ports of the other members.</param>
public sealed record PartitionMembers(string? Leader, IReadOnlyList<string> Replicas);
