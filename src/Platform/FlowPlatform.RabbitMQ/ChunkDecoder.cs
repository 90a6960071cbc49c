using FlowPlatform.Log;
using FlowPlatform.RabbitMQ.Amqp;
using FlowPlatform.RabbitMQ.StreamProtocol;

namespace FlowPlatform.RabbitMQ;

/// <summary>Makes log records of chunks. Not safe for concurrent use.</summary>
internal sealed class ChunkDecoder(PartitionId partition)
{
    private readonly EventDecoder events = new();

    /// <summary>The records at or above an offset, up to the first that can't be read. None of a chunk whose parts don't fit together: its records' offsets can't be trusted, either.</summary>
    /// <param name="chunk">The chunk; not referenced afterwards.</param>
    /// <param name="lowest">Records below are skipped without a look.</param>
    /// <param name="broken">What is wrong with the record after the last returned one; null if all could be read.</param>
    public List<LogRecord> Decode(StreamChunk chunk, long lowest, out LogCorruptException? broken)
    {
        broken = null;

        // A record takes four bytes at least, unless it is packed: a claimed number alone makes no list large.
        var claimed = Math.Min(chunk.RecordCount - Math.Max(lowest - chunk.FirstOffset, 0), chunk.DataBytes / sizeof(uint));
        var records = new List<LogRecord>((int)Math.Clamp(claimed, 0, ushort.MaxValue));
        using var entries = chunk.Records();
        try
        {
            while (entries.MoveNext())
            {
                if (entries.Offset >= lowest)
                {
                    records.Add(Decode(chunk, entries.Offset, entries.Current));
                }
            }
        }
        catch (ChunkException e)
        {
            records.Clear();
            broken = new LogCorruptException(partition, chunk.FirstOffset, e.Reason, e);
        }
        catch (AmqpFormatException e)
        {
            broken = new LogCorruptException(partition, entries.Offset, e.Message, e);
        }

        return records;
    }

    /// <summary>One record.</summary>
    /// <exception cref="AmqpFormatException">It can't be read.</exception>
    public LogRecord Decode(StreamChunk chunk, long offset, ReadOnlySpan<byte> message) =>
        new(partition, offset, chunk.Timestamp, events.Decode(message, partition, offset, chunk.Timestamp));
}
