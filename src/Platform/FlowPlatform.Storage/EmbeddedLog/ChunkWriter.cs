using System.Buffers;
using System.Text;
using FlowPlatform.Log;

namespace FlowPlatform.Storage.EmbeddedLog;

/// <summary>Events ready to be stored together.</summary>
/// <param name="Start">Index of the first in the call's list.</param>
/// <param name="Count">How many.</param>
/// <param name="Data">As <see cref="ChunkFormat"/> says.</param>
/// <param name="Crc">Checksum of the data.</param>
internal sealed record NewChunk(int Start, int Count, byte[] Data, uint Crc);

/// <summary>Makes chunks of events (see <see cref="ChunkFormat"/>).</summary>
internal sealed class ChunkWriter
{
    private readonly ArrayBufferWriter<byte> buffer = new(1024);
    private readonly Dictionary<string, int> strings = new(StringComparer.Ordinal);

    private ChunkWriter(string producer)
    {
        Byte(ChunkFormat.Version);
        String(producer);
    }

    /// <summary>Makes chunks of the events from an index on, none over the options' bounds but by a single event.</summary>
    /// <exception cref="EventTooLargeException">An event is over the bound.</exception>
    public static List<NewChunk> Write(IReadOnlyList<EventEnvelope> events, int start, string producer, EmbeddedEventLogOptions options)
    {
        var chunks = new List<NewChunk>();
        while (start < events.Count)
        {
            var writer = new ChunkWriter(producer);
            var end = start;
            do
            {
                var before = writer.buffer.WrittenCount;
                writer.Event(events[end]);
                var bytes = writer.buffer.WrittenCount - before;
                if (bytes > options.MaxEventBytes)
                {
                    throw new EventTooLargeException(events[end].Id, bytes, options.MaxEventBytes);
                }

                end++;
            }
            while (end < events.Count && end - start < options.MaxBatchEvents && writer.buffer.WrittenCount + events[end].Data.Length < options.MaxBatchBytes);
            var data = writer.buffer.WrittenSpan.ToArray();
            chunks.Add(new NewChunk(start, end - start, data, Crc32C.Compute(data)));
            start = end;
        }

        return chunks;
    }

    private void Event(EventEnvelope e)
    {
        Number((ulong)e.Sequence);
        String(e.Id);
        String(e.Type);
        String(e.Source);
        String(e.Key.Length == 0 ? e.Id : e.Key);
        Number((ulong)e.Time.UtcTicks);
        Number((ulong)e.CommittedAt.UtcTicks);
        String(e.ContentType.Length == 0 ? ChunkFormat.DefaultContentType : e.ContentType);
        String(e.TraceParent);
        String(e.TraceState);
        String(e.CorrelationId);
        String(e.CausationId);
        Number((ulong)e.Data.Length);
        buffer.Write(e.Data.Span);
    }

    private void Byte(byte value)
    {
        buffer.GetSpan(1)[0] = value;
        buffer.Advance(1);
    }

    private void Number(ulong value)
    {
        for (; value >= 0x80; value >>= 7)
        {
            Byte((byte)(value | 0x80));
        }

        Byte((byte)value);
    }

    private void String(string? value)
    {
        if (string.IsNullOrEmpty(value))
        {
            Number(ChunkFormat.NullString);
        }
        else if (strings.TryGetValue(value, out var known))
        {
            Number(ChunkFormat.FirstKnownString + (ulong)known);
        }
        else
        {
            strings.Add(value, strings.Count);
            Number(ChunkFormat.NewString);
            Number((ulong)Encoding.UTF8.GetByteCount(value));
            Encoding.UTF8.GetBytes(value, buffer);
        }
    }
}
