using System.Buffers.Binary;

namespace FlowPlatform.RabbitMQ.StreamProtocol;

/// <summary>Where a broker node listens for the stream protocol.</summary>
/// <param name="Host">Host name or address.</param>
/// <param name="Port">TCP port.</param>
public readonly record struct StreamEndpoint(string Host, int Port)
{
    /// <inheritdoc />
    public override string ToString() => $"{Host}:{Port}";
}

/// <summary>Where a stream lives, as one node sees it: a hint, for it may be stale.</summary>
/// <param name="Stream">Name of the stream.</param>
/// <param name="Code"><see cref="StreamResponseCode.Ok"/>, or why there is no answer.</param>
/// <param name="Leader">Node of the leader; null while there is none.</param>
/// <param name="Replicas">Nodes of the other members.</param>
public sealed record StreamMetadata(string Stream, StreamResponseCode Code, StreamEndpoint? Leader, IReadOnlyList<StreamEndpoint> Replicas);

/// <summary>Where a subscription starts. The broker delivers whole chunks: records before the asked place may come first.</summary>
public readonly record struct StreamOffset
{
    private StreamOffset(ushort type, long value)
    {
        Type = type;
        Value = value;
    }

    /// <summary>The oldest chunk.</summary>
    public static StreamOffset First => new(1, 0);

    /// <summary>The newest chunk.</summary>
    public static StreamOffset Last => new(2, 0);

    /// <summary>Only what comes.</summary>
    public static StreamOffset Next => new(3, 0);

    internal ushort Type { get; }

    internal long Value { get; }

    internal bool HasValue => Type >= 4;

    /// <summary>The chunk that holds this offset; clamped to what the stream has.</summary>
    public static StreamOffset At(long offset)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        return new(4, offset);
    }

    /// <summary>The first chunk stored at or after this time.</summary>
    public static StreamOffset Since(DateTimeOffset time) => new(5, time.ToUnixTimeMilliseconds());
}

/// <summary>Publishing ids of a confirmation, read in place: don't keep it.</summary>
public readonly ref struct PublishingIds
{
    private readonly ReadOnlySpan<byte> bytes;

    internal PublishingIds(ReadOnlySpan<byte> bytes) => this.bytes = bytes;

    /// <summary>How many.</summary>
    public int Count => bytes.Length / sizeof(ulong);

    /// <summary>One of them.</summary>
    public ulong this[int index] => BinaryPrimitives.ReadUInt64BigEndian(bytes.Slice(index * sizeof(ulong), sizeof(ulong)));
}

/// <summary>Told what becomes of published messages, on the connection's read loop: must be quick, must not block or throw.</summary>
public interface IPublishObserver
{
    /// <summary>The broker has stored these, or had them before.</summary>
    void Confirmed(PublishingIds ids);

    /// <summary>The broker refused this one.</summary>
    void Refused(ulong publishingId, StreamResponseCode code);

    /// <summary>The publisher is gone: the connection ended or the stream moved. Called once, last.</summary>
    void Closed(Exception reason);
}

/// <summary>Given the chunks of a subscription, on the connection's read loop: must be quick, must not block or throw.</summary>
public interface IChunkObserver
{
    /// <summary>A chunk came. The observer disposes it.</summary>
    void Delivered(StreamChunk chunk);

    /// <summary>The subscription is gone: the connection ended or the stream moved. Called once, last.</summary>
    void Closed(Exception reason);
}

/// <summary>Where a stream begins and ends, as one node sees it.</summary>
/// <param name="Values">All that the broker told, by its names.</param>
public sealed record StreamStatistics(IReadOnlyDictionary<string, long> Values)
{
    /// <summary>Offset of the oldest chunk; null if the stream is empty.</summary>
    public long? FirstChunkId => Known("first_chunk_id");

    /// <summary>Offset of the newest chunk that is stored safely; null if there is none.</summary>
    public long? CommittedChunkId => Known("committed_chunk_id");

    // The broker says -1 for none.
    private long? Known(string name) => Values.TryGetValue(name, out var value) && value >= 0 ? value : null;
}
