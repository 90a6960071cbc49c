namespace FlowPlatform.Log;

/// <summary>One partition of a stream: the unit of order. Its name in the log is <c>stream-index</c>, as RabbitMQ's super streams have it.</summary>
/// <param name="Stream">Name of the stream, e.g. <c>orders</c>.</param>
/// <param name="Index">Zero-based index of the partition.</param>
public readonly record struct PartitionId(string Stream, int Index) : IComparable<PartitionId>
{
    /// <summary>The partition's name in the log, e.g. <c>orders-0</c>.</summary>
    public string Name => $"{Stream}-{Index}";

    /// <summary>Orders by stream (ordinal), then index: the order in which outbox sequences are taken, so that writers never deadlock (rule P6).</summary>
    public int CompareTo(PartitionId other)
    {
        var byStream = string.CompareOrdinal(Stream, other.Stream);
        return byStream != 0 ? byStream : Index.CompareTo(other.Index);
    }

    /// <inheritdoc />
    public override string ToString() => Name;

    /// <summary>Compares by <see cref="CompareTo"/>.</summary>
    public static bool operator <(PartitionId left, PartitionId right) => left.CompareTo(right) < 0;

    /// <summary>Compares by <see cref="CompareTo"/>.</summary>
    public static bool operator >(PartitionId left, PartitionId right) => left.CompareTo(right) > 0;

    /// <summary>Compares by <see cref="CompareTo"/>.</summary>
    public static bool operator <=(PartitionId left, PartitionId right) => left.CompareTo(right) <= 0;

    /// <summary>Compares by <see cref="CompareTo"/>.</summary>
    public static bool operator >=(PartitionId left, PartitionId right) => left.CompareTo(right) >= 0;
}
