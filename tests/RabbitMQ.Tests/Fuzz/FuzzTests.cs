using System.Buffers;
using System.Buffers.Binary;
using System.Text;
using FlowPlatform.Log;
using FlowPlatform.RabbitMQ.Amqp;
using FlowPlatform.RabbitMQ.StreamProtocol;

namespace FlowPlatform.RabbitMQ.Tests.Fuzz;

/// <summary>What comes over the network may be anything: it is read, or refused with an exception that is documented, and never allocates more than its announced maximum.</summary>
public sealed class FuzzTests
{
    private const int MaxFrame = 64 * 1024;
    private const int MaxDeliver = 256 * 1024;
    private const int MaxUnpacked = 64 * 1024;

    /// <summary>The smallest event takes nine bytes of a chunk, and some 400 in memory.</summary>
    private const long PerByte = 64;
    private static readonly PartitionId Partition = new("fuzz", 0);
    private static readonly Unpacker Unpacker = new(MaxUnpacked, [], ArrayPool<byte>.Shared);

    [Fact]
    public void Frames_are_cut_however_the_bytes_arrive()
    {
        var samples = Samples.Delivered.Select(WithSize).Append(WithSize([0, 0x17, 0, 1])).Append([0, 0, 0, 4, 0, 0x17, 0, 1, 0, 0, 0, 4, 0, 0x17, 0, 1]).ToList();
        Fuzzing.Survives(samples, ReadFrames, thrown => thrown is StreamProtocolException, length => MaxDeliver + (4 * length));
    }

    [Fact]
    public void Chunks_are_read_or_refused() =>
        Fuzzing.Survives(Samples.Chunks, bytes => ReadChunk(bytes), thrown => thrown is ChunkException, length => PerByte * (MaxUnpacked + length));

    /// <summary>The checksum keeps almost everything from the entries: so it is mended.</summary>
    [Fact]
    public void Entries_of_chunks_are_read_or_refused() =>
        Fuzzing.Survives(Samples.Chunks, bytes => ReadChunk(WithChecksum(bytes)), thrown => thrown is ChunkException, length => PerByte * (MaxUnpacked + length));

    [Fact]
    public void Messages_are_read_or_refused()
    {
        var decoder = new EventDecoder();
        Fuzzing.Survives(Samples.Messages, bytes => decoder.Decode(bytes, Partition, 7, DateTimeOffset.UnixEpoch), thrown => thrown is AmqpFormatException, length => PerByte * length);
    }

    [Fact]
    public void Responses_are_read_or_refused() => Fuzzing.Survives(
        Samples.Responses,
        bytes =>
        {
            List<StreamProtocolException> refused = [];
            Read(bytes, refused, static (ref reader) => reader.Strings());
            Read(bytes, refused, static (ref reader) => reader.Map());
            Read(bytes, refused, static (ref reader) => StreamConnection.ReadMetadata(ref reader, ["orders-0"]));
            Read(bytes, refused, static (ref reader) => StreamConnection.ReadVersions(ref reader));
            Read(bytes, refused, static (ref reader) => StreamConnection.ReadStatistics(ref reader));
        },
        _ => false,
        length => PerByte * length);

    [Fact]
    public void Events_come_back_as_they_were_written()
    {
        var decoder = new EventDecoder();
        Fuzzing.Holds(program =>
        {
            var written = EventOf(program);
            var read = decoder.Decode(Samples.Encode(written), Partition, 7, DateTimeOffset.UnixEpoch);
            (read.Id, read.Type, read.Source, read.Key, read.Time, read.ContentType).ShouldBe((written.Id, written.Type, written.Source, written.Key, written.Time, written.ContentType));
            (read.TraceParent, read.TraceState, read.CorrelationId, read.CausationId, read.Sequence).ShouldBe(
                (written.TraceParent, written.TraceState, written.CorrelationId, written.CausationId, written.Sequence));
            read.CommittedAt.ToUnixTimeMilliseconds().ShouldBe(written.CommittedAt.ToUnixTimeMilliseconds());
            read.Producer.ShouldBe("orders/0123456789abcdef");
            read.Data.Span.SequenceEqual(written.Data.Span).ShouldBeTrue();
        });
    }

    private static void ReadFrames(byte[] bytes)
    {
        using var assembler = new FrameAssembler(MaxFrame, MaxDeliver, ArrayPool<byte>.Shared);
        var cut = bytes.Length == 0 ? 0 : bytes[^1] % bytes.Length;
        var rest = ReadOnlySequence<byte>.Empty;
        foreach (var part in new[] { bytes[..cut], bytes[cut..] })
        {
            var input = new ReadOnlySequence<byte>([.. rest.ToArray(), .. part]);
            while (assembler.TryRead(ref input, out var frame, out var length))
            {
                length.ShouldBeLessThanOrEqualTo(MaxDeliver);
                ArrayPool<byte>.Shared.Return(frame);
            }

            rest = input;
        }
    }

    private static void ReadChunk(byte[] bytes)
    {
        var frame = ArrayPool<byte>.Shared.Rent(bytes.Length);
        bytes.CopyTo(frame, 0);
        StreamChunk chunk;
        try
        {
            chunk = StreamChunk.Parse(frame, 0, bytes.Length, Unpacker);
        }
        catch (ChunkException)
        {
            ArrayPool<byte>.Shared.Return(frame);
            throw;
        }

        using (chunk)
        {
            var records = new ChunkDecoder(Partition).Decode(chunk, 0, out var broken);
            records.Select(record => record.Offset).ShouldBe(Enumerable.Range(0, records.Count).Select(index => chunk.FirstOffset + index));
            if (broken is null)
            {
                ((long)records.Count).ShouldBe(chunk.RecordCount);
            }
        }
    }

    private static byte[] WithChecksum(byte[] bytes)
    {
        const int header = 48;
        if (bytes.Length < header)
        {
            return bytes;
        }

        var mended = bytes.ToArray();
        var length = Math.Min(BinaryPrimitives.ReadUInt32BigEndian(mended.AsSpan(36)), (uint)(mended.Length - header));
        BinaryPrimitives.WriteUInt32BigEndian(mended.AsSpan(36), length);
        BinaryPrimitives.WriteUInt32BigEndian(mended.AsSpan(32), Crc32.Compute(mended.AsSpan(header, (int)length)));
        return mended;
    }

    private static byte[] WithSize(byte[] frame)
    {
        var whole = new byte[sizeof(int) + frame.Length];
        BinaryPrimitives.WriteInt32BigEndian(whole, frame.Length);
        frame.CopyTo(whole, sizeof(int));
        return whole;
    }

    private static void Read<T>(byte[] bytes, List<StreamProtocolException> refused, ResponseParser<T> parse)
    {
        try
        {
            var reader = new FrameReader(bytes);
            parse(ref reader);
        }
        catch (StreamProtocolException said)
        {
            refused.Add(said);
        }
    }

    /// <summary>Texts of the lengths at which encodings change, and of all kinds of letters.</summary>
    private static EventEnvelope EventOf(int[] program)
    {
        int[] lengths = [1, 2, 127, 128, 254, 255, 256, 257, 1_000];
        var index = 0;
        uint Next() => (uint)program[index++ % program.Length] ^ (uint)(index * 0x9e3779b1);
        string Text() => string.Concat(Enumerable.Repeat("a€ß😀\"\u0001"[(int)(Next() % 3)..], 400))[..lengths[Next() % (uint)lengths.Length]] is var text && char.IsHighSurrogate(text[^1]) ? text[..^1] + "x" : text;
        string? Maybe() => Next() % 2 == 0 ? null : Text();
        var data = Encoding.UTF8.GetBytes(string.Concat(Enumerable.Repeat(Text(), (int)(Next() % 80))));
        return new EventEnvelope
        {
            Id = Text(), Type = Text(), Source = Text(), Key = Text(), ContentType = Text(), TraceParent = Maybe(), TraceState = Maybe(), CorrelationId = Maybe(), CausationId = Maybe(),
            Time = DateTimeOffset.UnixEpoch.AddTicks(((long)Next() << 20) + Next()), CommittedAt = DateTimeOffset.UnixEpoch.AddTicks(((long)Next() << 20) + Next()),
            Sequence = 1 + (((long)Next() << 31) | Next() >> 1), Data = data,
        };
    }
}
