using System.Buffers;
using System.Buffers.Binary;
using System.IO.Compression;

namespace FlowPlatform.RabbitMQ.StreamProtocol;

/// <summary>
/// The records of a chunk in order, without an allocation per record. Use as <c>using var records = chunk.Records(); while (records.MoveNext()) …</c>.
/// Every step is checked against the bounds; <see cref="ChunkException"/> names what is wrong.
/// </summary>
public ref struct ChunkRecords
{
    private const byte BatchBit = 0x80;
    private const int Gzip = 1;
    private const long LargestGzipRatio = 1032;

    private readonly StreamChunk chunk;
    private readonly int maxUncompressedBytes;
    private ReadOnlySpan<byte> entries;
    private int entriesLeft;
    private ReadOnlySpan<byte> batch;
    private int batchLeft;
    private byte[]? unpacked;
    private long nextOffset;

    internal ChunkRecords(StreamChunk chunk, ReadOnlySpan<byte> data, int maxUncompressedBytes)
    {
        this.chunk = chunk;
        this.maxUncompressedBytes = maxUncompressedBytes;
        entries = data;
        entriesLeft = chunk.EntryCount;
        nextOffset = chunk.FirstOffset;
    }

    /// <summary>The record's bytes; valid until the chunk is disposed, or if <see cref="Packed"/> until the next step.</summary>
    public ReadOnlySpan<byte> Current { get; private set; }

    /// <summary>True if <see cref="Current"/> lies in a buffer for decompression, which the next packed batch overwrites.</summary>
    public readonly bool Packed => unpacked is not null;

    /// <summary>The record's offset.</summary>
    public readonly long Offset => nextOffset - 1;

    /// <summary>Goes to the next record; false at the end.</summary>
    /// <exception cref="ChunkException">The data is not what the header or an entry claims, or uses an unknown compression.</exception>
    public bool MoveNext()
    {
        while (batchLeft == 0)
        {
            if (!batch.IsEmpty)
            {
                throw Broken($"{batch.Length} bytes are left over in a sub-entry batch");
            }

            if (entriesLeft == 0)
            {
                CheckEnd();
                return false;
            }

            entriesLeft--;
            if (entries.IsEmpty || (entries[0] & BatchBit) == 0)
            {
                Current = TakeSimple(ref entries);
                nextOffset++;
                return true;
            }

            OpenBatch();
        }

        batchLeft--;
        Current = TakeSimple(ref batch);
        nextOffset++;
        return true;
    }

    /// <summary>Returns the buffer for decompression, if there is one.</summary>
    public void Dispose()
    {
        ReturnUnpacked();
        batch = default;
        batchLeft = 0;
        entries = default;
        entriesLeft = 0;
    }

    private readonly void CheckEnd()
    {
        if (!entries.IsEmpty)
        {
            throw Broken($"{entries.Length} bytes are left over after its last entry");
        }

        if (nextOffset - chunk.FirstOffset != chunk.RecordCount)
        {
            throw Broken($"it holds {nextOffset - chunk.FirstOffset} records and claims {chunk.RecordCount}");
        }
    }

    private readonly ReadOnlySpan<byte> TakeSimple(scoped ref ReadOnlySpan<byte> source)
    {
        var length = source.Length >= sizeof(uint) ? BinaryPrimitives.ReadUInt32BigEndian(source) : uint.MaxValue;
        if (length > (uint)Math.Max(source.Length - sizeof(uint), 0))
        {
            throw Broken($"the entry at offset {nextOffset} reaches past the end");
        }

        var entry = source.Slice(sizeof(uint), (int)length);
        source = source[(sizeof(uint) + (int)length)..];
        return entry;
    }

    private void OpenBatch()
    {
        const int header = 11;
        if (entries.Length < header)
        {
            throw Broken($"the sub-entry batch at offset {nextOffset} is cut short");
        }

        var compression = (entries[0] >> 4) & 7;
        batchLeft = BinaryPrimitives.ReadUInt16BigEndian(entries[1..]);
        var uncompressed = BinaryPrimitives.ReadUInt32BigEndian(entries[3..]);
        var length = BinaryPrimitives.ReadUInt32BigEndian(entries[7..]);
        if (length > (uint)(entries.Length - header))
        {
            throw Broken($"the sub-entry batch at offset {nextOffset} reaches past the end");
        }

        if (uncompressed > (uint)maxUncompressedBytes)
        {
            throw Broken($"the sub-entry batch at offset {nextOffset} claims {uncompressed:N0} bytes; the limit is {maxUncompressedBytes:N0}");
        }

        var body = entries.Slice(header, (int)length);
        entries = entries[(header + (int)length)..];
        batch = compression switch
        {
            0 when length == uncompressed => body,
            0 => throw Broken($"the sub-entry batch at offset {nextOffset} has {length:N0} bytes and claims {uncompressed:N0}"),
            Gzip => Unpack(body, (int)uncompressed),
            2 or 3 or 4 => throw Broken($"the sub-entry batch at offset {nextOffset} is packed with {(compression == 2 ? "Snappy" : compression == 3 ? "LZ4" : "Zstandard")}; this client reads none and gzip"),
            _ => throw Broken($"the sub-entry batch at offset {nextOffset} has the unknown compression {compression}"),
        };
    }

    private ReadOnlySpan<byte> Unpack(ReadOnlySpan<byte> body, int uncompressed)
    {
        ReturnUnpacked();
        if (uncompressed > (body.Length * LargestGzipRatio) + 64)
        {
            throw Broken($"the sub-entry batch at offset {nextOffset} claims {uncompressed:N0} bytes, more than gzip can make of {body.Length:N0}");
        }

        // One byte more than claimed, so that a stream which unpacks to more is noticed.
        unpacked = ArrayPool<byte>.Shared.Rent(uncompressed + 1);
        var packed = ArrayPool<byte>.Shared.Rent(body.Length);
        try
        {
            body.CopyTo(packed);
            using var gzip = new GZipStream(new MemoryStream(packed, 0, body.Length, writable: false), CompressionMode.Decompress);
            var read = gzip.ReadAtLeast(unpacked.AsSpan(0, uncompressed + 1), uncompressed + 1, throwOnEndOfStream: false);
            if (read != uncompressed)
            {
                throw Broken($"the sub-entry batch before offset {nextOffset + batchLeft} unpacks to {(read > uncompressed ? "more" : "less")} than the {uncompressed:N0} bytes it claims");
            }
        }
        catch (InvalidDataException e)
        {
            throw new ChunkException(chunk.FirstOffset, $"the sub-entry batch at offset {nextOffset} is no gzip data.", e);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(packed);
        }

        return unpacked.AsSpan(0, uncompressed);
    }

    private void ReturnUnpacked()
    {
        if (unpacked is not null)
        {
            ArrayPool<byte>.Shared.Return(unpacked);
            unpacked = null;
        }
    }

    private readonly ChunkException Broken(string reason) => new(chunk.FirstOffset, reason + ".");
}
