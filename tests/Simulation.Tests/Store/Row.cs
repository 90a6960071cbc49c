using FlowPlatform.Log;

namespace FlowPlatform.Simulation;

/// <summary>Something in a database that one transaction at a time may have: a row, a key, or a whole schema.</summary>
/// <param name="Table">What kind of thing.</param>
/// <param name="Key">Which.</param>
/// <param name="Partition">Which, where that is by partition.</param>
internal readonly record struct Row(string Table, string Key, PartitionId? Partition = null)
{
    /// <summary>Units without keys are serial with everything in their schema (rule C6).</summary>
    public static Row Schema(string name) => new("schema", name);

    public static Row Keyed(string schema, string key) => new("key", $"{schema}/{key}");

    public static Row Value(string name) => new("value", name);

    public static Row Checkpoint(string consumer, PartitionId partition) => new("checkpoint", consumer, partition);

    public static Row Head(PartitionId partition) => new("head", "", partition);
}
