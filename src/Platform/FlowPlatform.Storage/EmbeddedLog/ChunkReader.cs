using System.Text;
using FlowPlatform.Log;

namespace FlowPlatform.Storage.EmbeddedLog;

/// <summary>Reads the events of a chunk whose checksum is right (see <see cref="ChunkFormat"/>). Whatever is wrong nevertheless throws; nothing is read out of bounds.</summary>
internal ref struct ChunkReader
{
    private readonly List<string> strings = [];
    private ReadOnlySpan<byte> rest;

    private ChunkReader(ReadOnlySpan<byte> data) => rest = data;

    public static List<LogRecord> Read(StoredChunk chunk, PartitionId partition, long lowest)
    {
        var reader = new ChunkReader(chunk.Data);
        if (reader.Byte() != ChunkFormat.Version)
        {
            throw new ArgumentException("Unknown version.");
        }

        var producer = reader.Required();
        var stored = DateTimeOffset.FromUnixTimeMilliseconds(chunk.StoredAt);
        var records = new List<LogRecord>((int)Math.Min(chunk.Records, chunk.LastOffset + 1 - Math.Max(lowest, chunk.FirstOffset)));
        for (var offset = chunk.FirstOffset; offset <= chunk.LastOffset; offset++)
        {
            var read = reader.Event(producer);
            if (offset >= lowest)
            {
                records.Add(new LogRecord(partition, offset, stored, read));
            }
        }

        return reader.rest.IsEmpty ? records : throw new ArgumentException("There is more than the events.");
    }

    private EventEnvelope Event(string producer) => new()
    {
        // In the order in which they are written.
        Producer = producer,
        Sequence = (long)Number(),
        Id = Required(),
        Type = Required(),
        Source = Required(),
        Key = Required(),
        Time = Time(),
        CommittedAt = Time(),
        ContentType = Required(),
        TraceParent = String(),
        TraceState = String(),
        CorrelationId = String(),
        CausationId = String(),
        Data = Bytes((int)Number()).ToArray(),
    };

    private byte Byte()
    {
        var value = rest[0];
        rest = rest[1..];
        return value;
    }

    private ReadOnlySpan<byte> Bytes(int count)
    {
        var bytes = rest[..count];
        rest = rest[count..];
        return bytes;
    }

    private ulong Number()
    {
        ulong value = 0;
        for (var shift = 0; shift < 64; shift += 7)
        {
            var next = Byte();
            value |= (ulong)(next & 0x7f) << shift;
            if (next < 0x80)
            {
                return value;
            }
        }

        throw new OverflowException("A number is too long.");
    }

    private DateTimeOffset Time() => new((long)Number(), TimeSpan.Zero);

    private string Required() => String() ?? throw new ArgumentException("A required text is missing.");

    private string? String()
    {
        var reference = Number();
        if (reference == ChunkFormat.NullString)
        {
            return null;
        }

        if (reference != ChunkFormat.NewString)
        {
            return strings[checked((int)(reference - ChunkFormat.FirstKnownString))];
        }

        var text = Encoding.UTF8.GetString(Bytes(checked((int)Number())));
        strings.Add(text);
        return text;
    }
}
