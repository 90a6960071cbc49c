using System.Text.RegularExpressions;

namespace FlowPlatform.Log;

/// <summary>A stream as its one producing service declares it. Immutable.</summary>
public sealed partial record StreamDefinition
{
    /// <summary>Most partitions that a stream may have.</summary>
    public const int MaxPartitions = 256;

    /// <summary>Creates a definition and checks it.</summary>
    /// <param name="name">Lower-case letters, digits, <c>-</c> and <c>.</c>; starts with a letter; at most 100 characters.</param>
    /// <param name="partitions">Number of partitions, 1 to <see cref="MaxPartitions"/>. Fixed for the life of the stream (rule C8).</param>
    /// <exception cref="ArgumentException">The name or the number is out of bounds.</exception>
    public StreamDefinition(string name, int partitions)
    {
        ArgumentNullException.ThrowIfNull(name);
        if (!IsValidName(name))
        {
            throw new ArgumentException($"'{name}' is no stream name: lower-case letters, digits, '-' and '.', a letter first, at most 100 characters.", nameof(name));
        }

        if (partitions is < 1 or > MaxPartitions)
        {
            throw new ArgumentOutOfRangeException(nameof(partitions), partitions, $"Stream '{name}' needs 1 to {MaxPartitions} partitions.");
        }

        Name = name;
        Partitions = partitions;
    }

    /// <summary>Name of the stream.</summary>
    public string Name { get; }

    /// <summary>Number of partitions, fixed for the life of the stream.</summary>
    public int Partitions { get; }

    /// <summary>How long events are kept; null (default): for ever. The log deletes whole segments, never the newest.</summary>
    public TimeSpan? MaxAge { get; init; }

    /// <summary>Bytes kept per partition; null (default): no limit.</summary>
    public long? MaxBytes { get; init; }

    /// <summary>Size of one segment in bytes; default 100 MB. Retention works by segment.</summary>
    public long SegmentBytes { get; init; } = 100_000_000;

    /// <summary>All partitions, in order.</summary>
    public IEnumerable<PartitionId> PartitionIds => Enumerable.Range(0, Partitions).Select(index => new PartitionId(Name, index));

    /// <summary>True for what can be a stream's name: see the constructor.</summary>
    public static bool IsValidName(string name) => name.Length <= 100 && ValidName().IsMatch(name);

    [GeneratedRegex(@"^[a-z][a-z0-9.-]*\z")]
    private static partial Regex ValidName();
}
