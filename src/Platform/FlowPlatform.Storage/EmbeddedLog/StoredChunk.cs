using FlowPlatform.Log;

namespace FlowPlatform.Storage.EmbeddedLog;

/// <summary>A chunk as it lies in the file; its data is valid only while the statement that found it stands.</summary>
internal readonly ref struct StoredChunk
{
    public required int Partition { get; init; }

    public required long LastOffset { get; init; }

    public required long Records { get; init; }

    /// <summary>Unix time in ms.</summary>
    public required long StoredAt { get; init; }

    public required long Crc { get; init; }

    public required ReadOnlySpan<byte> Data { get; init; }

    public long FirstOffset => LastOffset - Records + 1;

    /// <summary>The checksum of a chunk at its place.</summary>
    /// <param name="data">The checksum of its data.</param>
    /// <param name="partition">Its partition.</param>
    /// <param name="lastOffset">Offset of its last record.</param>
    /// <param name="records">Number of its records.</param>
    /// <param name="storedAt">When it was stored, Unix time in ms.</param>
    public static uint Seal(uint data, int partition, long lastOffset, long records, long storedAt) =>
        Crc32C.Append(Crc32C.Append(Crc32C.Append(Crc32C.Append(data, partition), lastOffset), records), storedAt);

    /// <summary>Its records, from an offset on.</summary>
    /// <exception cref="LogCorruptException">It is not what was stored.</exception>
    public List<LogRecord> Decode(string stream, long lowest)
    {
        var partition = new PartitionId(stream, Partition);
        var place = Math.Max(FirstOffset, 0);
        if (Records is < 1 or > ChunkFormat.MostRecords || FirstOffset < 0 || Seal(Crc32C.Compute(Data), Partition, LastOffset, Records, StoredAt) != Crc)
        {
            throw new LogCorruptException(partition, place, "the batch's checksum is wrong. The file is damaged: restore it, or start the stream anew.");
        }

        try
        {
            return ChunkReader.Read(this, partition, lowest);
        }
        catch (Exception malformed) when (malformed is IndexOutOfRangeException or ArgumentException or OverflowException)
        {
            throw new LogCorruptException(partition, place, "the batch can't be parsed, though its checksum is right: it was written by another version.", malformed);
        }
    }
}
