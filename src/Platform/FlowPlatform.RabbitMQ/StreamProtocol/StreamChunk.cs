using System.Buffers.Binary;

namespace FlowPlatform.RabbitMQ.StreamProtocol;

/// <summary>
/// A chunk: records that the broker stored together, with a checksum. It owns a pooled buffer: read it with <see cref="Records"/>, then dispose it; spans are valid until then.
/// </summary>
public sealed class StreamChunk : IDisposable
{
    private const int HeaderBytes = 48;
    private const byte UserChunk = 0;

    // So that an offset within the chunk can't overflow.
    private const long LargestOffset = long.MaxValue - uint.MaxValue;

    private readonly int dataStart;
    private readonly Unpacker unpacker;
    private byte[]? buffer;

    private StreamChunk(byte[] buffer, int dataStart, int dataLength, Unpacker unpacker, ReadOnlySpan<byte> header)
    {
        this.buffer = buffer;
        this.dataStart = dataStart;
        this.unpacker = unpacker;
        DataBytes = dataLength;
        EntryCount = BinaryPrimitives.ReadUInt16BigEndian(header[2..]);
        RecordCount = BinaryPrimitives.ReadUInt32BigEndian(header[4..]);
        Timestamp = DateTimeOffset.FromUnixTimeMilliseconds(BinaryPrimitives.ReadInt64BigEndian(header[8..]));
        Epoch = BinaryPrimitives.ReadUInt64BigEndian(header[16..]);
        FirstOffset = BinaryPrimitives.ReadInt64BigEndian(header[24..]);
    }

    /// <summary>Offset of the first record.</summary>
    public long FirstOffset { get; }

    /// <summary>When the leader stored it, UTC, to the millisecond.</summary>
    public DateTimeOffset Timestamp { get; }

    /// <summary>Term of the leader that stored it.</summary>
    public ulong Epoch { get; }

    /// <summary>Number of entries; a sub-entry batch is one.</summary>
    public int EntryCount { get; }

    /// <summary>Number of records as the header claims; <see cref="Records"/> checks it.</summary>
    public long RecordCount { get; }

    /// <summary>Size of all entries, in bytes.</summary>
    public int DataBytes { get; }

    /// <summary>
    /// First offset of the newest committed chunk when this one was sent (Deliver, version 2; brokers from 3.11): equal to <see cref="FirstOffset"/> at the stream's end. Null if the broker didn't say.
    /// </summary>
    public long? CommittedChunkId { get; internal init; }

    /// <summary>Reads the records one by one. Dispose the enumerator: it may hold a buffer for decompression.</summary>
    /// <exception cref="ObjectDisposedException">The chunk is disposed.</exception>
    public ChunkRecords Records()
    {
        ObjectDisposedException.ThrowIf(buffer is null, this);
        return new ChunkRecords(this, buffer.AsSpan(dataStart, DataBytes), unpacker);
    }

    /// <summary>Returns the buffer to the pool. Safe to call twice, not concurrently with reading.</summary>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref buffer, null) is { } owned)
        {
            unpacker.Pool.Return(owned);
        }
    }

    /// <summary>Takes over the <paramref name="frame"/>, which is of the unpacker's pool, if it holds a sound chunk from <paramref name="start"/> on.</summary>
    /// <exception cref="ChunkException">It doesn't; the caller keeps the array.</exception>
    internal static StreamChunk Parse(byte[] frame, int start, int length, Unpacker unpacker, long? committedChunkId = null)
    {
        var body = frame.AsSpan(start, length - start);
        if (body.Length < HeaderBytes)
        {
            throw new ChunkException(-1, $"it has {body.Length} bytes, less than a header's {HeaderBytes}.");
        }

        var firstOffset = BinaryPrimitives.ReadInt64BigEndian(body[24..]);
        if (firstOffset is < 0 or > LargestOffset)
        {
            throw new ChunkException(-1, $"it claims the offset {firstOffset}.");
        }

        if (body[0] >> 4 != 5)
        {
            throw new ChunkException(firstOffset, $"it starts with 0x{body[0]:x2} instead of 0x5_.");
        }

        if (body[1] != UserChunk)
        {
            throw new ChunkException(firstOffset, $"its type is {body[1]}; readers get type {UserChunk} only.");
        }

        var timestamp = BinaryPrimitives.ReadInt64BigEndian(body[8..]);
        if (timestamp is < 0 or > 253_402_300_799_999)
        {
            throw new ChunkException(firstOffset, $"its time {timestamp} is out of range.");
        }

        // Trailer and filter are announced in the header, but not sent to readers: the data's length decides.
        var dataLength = BinaryPrimitives.ReadUInt32BigEndian(body[36..]);
        if (dataLength > (uint)(body.Length - HeaderBytes))
        {
            throw new ChunkException(firstOffset, $"it claims {dataLength:N0} bytes of data, and {body.Length - HeaderBytes:N0} arrived.");
        }

        var expected = BinaryPrimitives.ReadUInt32BigEndian(body[32..]);
        var actual = Crc32.Compute(body.Slice(HeaderBytes, (int)dataLength));
        if (actual != expected)
        {
            throw new ChunkException(firstOffset, $"its checksum is {actual:x8} instead of {expected:x8}.");
        }

        return new StreamChunk(frame, start + HeaderBytes, (int)dataLength, unpacker, body) { CommittedChunkId = committedChunkId };
    }
}
