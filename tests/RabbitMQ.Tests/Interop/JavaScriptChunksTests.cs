using System.Buffers;
using System.Buffers.Binary;
using System.Globalization;
using System.Text.Json;
using FlowPlatform.Log;
using FlowPlatform.RabbitMQ.StreamProtocol;

namespace FlowPlatform.RabbitMQ.Tests.Interop;

/// <summary>
/// Deliver frames with messages of the JavaScript stream client, as a broker of 4.0 sent them: 20 single ones, 20 in a sub-entry batch, 20 in one packed with gzip.
/// tests/Interop.JavaScript says how they were recorded.
/// </summary>
public sealed class JavaScriptChunksTests
{
    private static readonly PartitionId Partition = new("javascript", 0);

    [Fact]
    public void Every_message_is_read_with_all_that_it_carries()
    {
        var records = Read();
        records.Count.ShouldBe(60);
        for (var i = 0; i < records.Count; i++)
        {
            var e = records[i].Event;
            records[i].Offset.ShouldBe(i);
            (e.Id, e.Type, e.Source, e.Key, e.ContentType, e.CorrelationId).ShouldBe(($"js-{i}", "js.written.v1", "javascript", $"customer-{i}", "application/json", $"correlation-{i}"));
            (e.Producer, e.Sequence, e.TraceParent, e.CausationId).ShouldBe((null, 0, null, null), "it is not ours");
            e.CommittedAt.ShouldBe(DateTimeOffset.FromUnixTimeMilliseconds(1_700_000_000_000 + i));
            e.Time.ShouldBe(DateTimeOffset.FromUnixTimeMilliseconds(1_600_000_000_000 + i));
            using var body = JsonDocument.Parse(e.Data);
            body.RootElement.GetProperty("n").GetInt32().ShouldBe(i);
            body.RootElement.GetProperty("text").GetString().ShouldBe(string.Concat(Enumerable.Repeat("größe ✓", i % 40)));
        }
    }

    [Fact]
    public void All_three_kinds_of_entries_are_there()
    {
        var kinds = new HashSet<string>();
        foreach (var (chunk, bytes) in Chunks())
        {
            using (chunk)
            {
                for (var at = 0; at < chunk.DataBytes;)
                {
                    var packed = (bytes[at] & 0x80) != 0;
                    kinds.Add(packed ? ((StreamCompression)((bytes[at] >> 4) & 7)).ToString() : "single");
                    at += packed ? 11 + BinaryPrimitives.ReadInt32BigEndian(bytes.AsSpan(at + 7)) : 4 + BinaryPrimitives.ReadInt32BigEndian(bytes.AsSpan(at));
                }
            }
        }

        kinds.Order(StringComparer.Ordinal).ShouldBe(["Gzip", "None", "single"]);
    }

    private static List<LogRecord> Read()
    {
        var decoder = new ChunkDecoder(Partition);
        var records = new List<LogRecord>();
        foreach (var (chunk, _) in Chunks())
        {
            using (chunk)
            {
                records.AddRange(decoder.Decode(chunk, 0, out var broken));
                broken.ShouldBeNull();
            }
        }

        return records;
    }

    /// <summary>The chunks with their entries' bytes.</summary>
    private static IEnumerable<(StreamChunk Chunk, byte[] Data)> Chunks()
    {
        const int chunkHeader = 48;
        var unpacker = new Unpacker(1024 * 1024, [], ArrayPool<byte>.Shared);
        var all = Recorded();
        for (var at = 0; at < all.Length;)
        {
            var length = BinaryPrimitives.ReadInt32BigEndian(all.AsSpan(at));
            var frame = ArrayPool<byte>.Shared.Rent(length);
            all.AsSpan(at + 4, length).CopyTo(frame);
            var start = BinaryPrimitives.ReadUInt16BigEndian(frame.AsSpan(2)) == 2 ? 13 : 5;
            var data = frame.AsSpan(start + chunkHeader, length - start - chunkHeader).ToArray();
            yield return (StreamChunk.Parse(frame, start, length, unpacker), data);
            at += 4 + length;
        }
    }

    private static byte[] Recorded()
    {
        const string name = "javascript-chunks.bin";
        using var stream = typeof(JavaScriptChunksTests).Assembly.GetManifestResourceStream(name)
            ?? throw new InvalidOperationException(string.Create(CultureInfo.InvariantCulture, $"{name} is not embedded."));
        using var memory = new MemoryStream();
        stream.CopyTo(memory);
        return memory.ToArray();
    }
}
