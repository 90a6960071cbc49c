using System.Buffers.Binary;

namespace FlowPlatform.RabbitMQ.StreamProtocol;

/// <summary>
/// The records of a chunk in order, without an allocation per record. Use as <c>using var records = chunk.Records(); while (records.MoveNext()) …</c>.
/// Every step is checked against the bounds; <see cref="ChunkException"/> names what is wrong.
/// </summary>
public ref struct ChunkRecords
{
    private const byte BatchBit = 0x80;

    private readonly StreamChunk chunk;
    private readonly Unpacker unpacker;
    private ReadOnlySpan<byte> entries;
    private int entriesLeft;
    private ReadOnlySpan<byte> batch;
    private int batchLeft;
    private byte[]? unpacked;
    private long claimedSoFar;
    private long nextOffset;

    internal ChunkRecords(StreamChunk chunk, ReadOnlySpan<byte> data, Unpacker unpacker)
    {
        this.chunk = chunk;
        this.unpacker = unpacker;
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
    /// <exception cref="ChunkException">The data is not what the header or an entry claims.</exception>
    /// <exception cref="MissingCodecException">A batch is packed in a way that nobody registered a codec for.</exception>
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

        var compression = (StreamCompression)((entries[0] >> 4) & 7);
        batchLeft = BinaryPrimitives.ReadUInt16BigEndian(entries[1..]);
        var uncompressed = BinaryPrimitives.ReadUInt32BigEndian(entries[3..]);
        var length = BinaryPrimitives.ReadUInt32BigEndian(entries[7..]);
        if (length > (uint)(entries.Length - header))
        {
            throw Broken($"the sub-entry batch at offset {nextOffset} reaches past the end");
        }

        // Counted over the chunk: a thousand batches just below the limit are a bomb, too.
        claimedSoFar += uncompressed;
        if (claimedSoFar > unpacker.MaxBytes)
        {
            throw Broken($"the sub-entry batches up to offset {nextOffset} claim {claimedSoFar:N0} bytes; the limit is {unpacker.MaxBytes:N0}");
        }

        var body = entries.Slice(header, (int)length);
        entries = entries[(header + (int)length)..];
        batch = compression switch
        {
            StreamCompression.None when length == uncompressed => body,
            StreamCompression.None => throw Broken($"the sub-entry batch at offset {nextOffset} has {length:N0} bytes and claims {uncompressed:N0}"),
            <= StreamCompression.Zstandard => Unpack(compression, body, (int)uncompressed),
            _ => throw Broken($"the sub-entry batch at offset {nextOffset} has the unknown compression {(int)compression}"),
        };
    }

    private ReadOnlySpan<byte> Unpack(StreamCompression compression, ReadOnlySpan<byte> body, int uncompressed)
    {
        ReturnUnpacked();
        try
        {
            unpacked = unpacker.Unpack(compression, body, uncompressed, chunk.FirstOffset);
        }
        catch (InvalidDataException e)
        {
            throw new ChunkException(chunk.FirstOffset, $"the sub-entry batch at offset {nextOffset} {e.Message}.", e.InnerException);
        }

        return unpacked.AsSpan(0, uncompressed);
    }

    private void ReturnUnpacked()
    {
        if (unpacked is not null)
        {
            unpacker.Pool.Return(unpacked);
            unpacked = null;
        }
    }

    private readonly ChunkException Broken(string reason) => new(chunk.FirstOffset, reason + ".");
}
