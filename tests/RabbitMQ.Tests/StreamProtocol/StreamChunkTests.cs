using System.Buffers;
using FlowPlatform.RabbitMQ.StreamProtocol;

namespace FlowPlatform.RabbitMQ.Tests.StreamProtocol;

public sealed class StreamChunkTests
{
    private const int Limit = 1024 * 1024;
    private static readonly Unpacker Unpacker = new(Limit, [], ArrayPool<byte>.Shared);
    private static readonly byte[] Sound = Bytes.Chunk(40, 6, Bytes.Entry("a"u8), Bytes.Batch(false, [1, 2], [], [3]), Bytes.Entry(), Bytes.Batch(true, "packed"u8.ToArray()));

    [Fact]
    public void Simple_entries_and_batches_are_read_in_order()
    {
        using var chunk = Parse(Sound);
        (chunk.FirstOffset, chunk.EntryCount, chunk.RecordCount, chunk.Epoch).ShouldBe((40, 4, 6, 7ul));
        chunk.Timestamp.ShouldBe(DateTimeOffset.FromUnixTimeMilliseconds(1_700_000_000_000));
        Read(chunk).ShouldBe(["40:61", "41:0102", "42:", "43:03", "44:", "45:7061636B6564"]);
    }

    [Fact]
    public void A_chunk_may_be_in_the_middle_of_a_larger_buffer()
    {
        var buffer = ArrayPool<byte>.Shared.Rent(Sound.Length + 20);
        Sound.CopyTo(buffer, 9);
        using var chunk = StreamChunk.Parse(buffer, 9, 9 + Sound.Length, Unpacker);
        Read(chunk).Count.ShouldBe(6);
    }

    [Fact]
    public void Only_the_high_half_of_the_first_byte_is_fixed()
    {
        using var chunk = Parse(Bytes.With(Sound, 0, 0x51));
        Read(chunk).Count.ShouldBe(6);
    }

    [Theory]
    [InlineData(0, 0x60, "starts with 0x60")]
    [InlineData(1, 0x01, "type is 1")]
    [InlineData(24, 0x80, "claims the offset")]
    [InlineData(8, 0x7f, "time")]
    [InlineData(32, 0x00, "checksum")]
    [InlineData(48, 0x01, "checksum")]
    [InlineData(36, 0x01, "bytes of data")]
    public void A_broken_header_or_checksum_is_named(int position, byte value, string reason) =>
        Should.Throw<ChunkException>(() => Parse(Bytes.With(Sound, position, value))).Message.ShouldContain(reason);

    [Fact]
    public void A_chunk_that_is_cut_short_anywhere_is_refused()
    {
        for (var length = 0; length < Sound.Length; length++)
        {
            var cut = Sound[..length];
            Should.Throw<ChunkException>(() => Parse(cut), $"cut at {length}");
        }
    }

    [Fact]
    public void Entries_that_do_not_fit_what_the_header_claims_are_refused()
    {
        var entry = Bytes.Entry("record"u8);
        Broken(Bytes.Chunk(0, 1, 2, entry)).ShouldContain("reaches past the end");
        Broken(Bytes.Chunk(0, 2, 1, entry)).ShouldContain("holds 1 records and claims 2");
        Broken(Bytes.Chunk(0, 0, 1, entry)).ShouldContain("holds 1 records and claims 0");
        Broken(Bytes.Chunk(0, 0, 0, entry)).ShouldContain("left over after its last entry");
        Broken(Bytes.Chunk(0, 1, Bytes.With(entry, 0, 7u))).ShouldContain("reaches past the end");
        Broken(Bytes.Chunk(0, 1, Bytes.With(entry, 0, 0x7fffffffu))).ShouldContain("reaches past the end");
        Broken(Bytes.Chunk(0, 1, [0, 0])).ShouldContain("reaches past the end");
    }

    [Fact]
    public void Batches_that_do_not_hold_what_they_claim_are_refused()
    {
        var batch = Bytes.Batch(false, "one"u8.ToArray(), "two"u8.ToArray());
        Broken(Bytes.Chunk(0, 3, Bytes.With(batch, 2, 3))).ShouldContain("reaches past the end");
        Broken(Bytes.Chunk(0, 1, Bytes.With(batch, 2, 1))).ShouldContain("left over in a sub-entry batch");
        Broken(Bytes.Chunk(0, 2, Bytes.With(batch, 3, 15u))).ShouldContain("claims 15");
        Broken(Bytes.Chunk(0, 2, Bytes.With(batch, 7, 100u))).ShouldContain("reaches past the end");
        Broken(Bytes.Chunk(0, 2, batch[..5])).ShouldContain("cut short");
        Broken(Bytes.Chunk(0, 2, Bytes.With(Bytes.With(batch, 3, uint.MaxValue), 7, 14u))).ShouldContain("the limit is");
    }

    [Fact]
    public void Packed_batches_that_unpack_to_something_else_are_refused()
    {
        var batch = Bytes.Batch(true, new byte[100], new byte[100]);
        Broken(Bytes.Chunk(0, 2, Bytes.With(batch, 3, 207u))).ShouldContain("more than the 207");
        Broken(Bytes.Chunk(0, 2, Bytes.With(batch, 3, 209u))).ShouldContain("less than the 209");
        Broken(Bytes.Chunk(0, 2, Bytes.With(batch, 11, (byte)0))).ShouldContain("no gzip data");
    }

    [Fact]
    public void A_decompression_bomb_is_refused_by_its_claim_and_by_its_content()
    {
        var bomb = Bytes.Gzip(new byte[20 * Limit]);
        Broken(Bytes.Chunk(0, 1, Packed(20 * Limit, bomb))).ShouldContain("the limit is");
        Broken(Bytes.Chunk(0, 1, Packed(1000, bomb))).ShouldContain("more than the 1,000");
        Broken(Bytes.Chunk(0, 1, Packed(Limit, Bytes.Gzip([1])))).ShouldContain("more than gzip can make");

        static byte[] Packed(int claimed, byte[] body) => new Bytes().U8(0x90).U16(1).U32(claimed).U32(body.Length).Raw(body).ToArray();
    }

    [Fact]
    public void A_bomb_of_many_small_batches_is_refused_too()
    {
        var batch = Bytes.Batch(true, new byte[Limit / 4]);
        using (var sound = Parse(Bytes.Chunk(0, 3, batch, batch, batch)))
        {
            Read(sound).Count.ShouldBe(3);
        }

        Broken(Bytes.Chunk(0, 5, batch, batch, batch, batch, batch)).ShouldContain("the limit is 1,048,576");
    }

    [Fact]
    public void A_registered_codec_unpacks_and_what_it_does_wrong_is_named()
    {
        var batch = Bytes.With(Bytes.Batch(false, [1], [2, 3]), 0, 0xc0);
        ReadWith((packed, destination) =>
        {
            packed.CopyTo(destination);
            return packed.Length;
        }).ShouldBe(["0:01", "1:0203"]);
        Should.Throw<ChunkException>(() => ReadWith((_, _) => -1)).Message.ShouldContain("more than the");
        Should.Throw<ChunkException>(() => ReadWith((_, _) => 1)).Message.ShouldContain("less than the");
        Should.Throw<ChunkException>(() => ReadWith((_, _) => throw new ArithmeticException())).InnerException.ShouldBeOfType<ArithmeticException>();

        List<string> ReadWith(Unpack unpack)
        {
            var pool = new CountingPool();
            var bytes = Bytes.Chunk(0, 2, batch);
            var frame = pool.Rent(bytes.Length);
            bytes.CopyTo(frame, 0);
            try
            {
                using var chunk = StreamChunk.Parse(frame, 0, bytes.Length, new Unpacker(Limit, [new Codec(unpack)], pool));
                return Read(chunk);
            }
            finally
            {
                pool.Outstanding.ShouldBe(0);
            }
        }
    }

    private delegate int Unpack(ReadOnlySpan<byte> packed, Span<byte> destination);

    private sealed class Codec(Unpack unpack) : ICompressionCodec
    {
        public StreamCompression Compression => StreamCompression.Zstandard;

        public int Unpack(ReadOnlySpan<byte> packed, Span<byte> destination) => unpack(packed, destination);
    }

    [Theory]
    [InlineData(2, "Snappy")]
    [InlineData(3, "Lz4")]
    [InlineData(4, "Zstandard")]
    [InlineData(7, "unknown compression 7")]
    public void A_compression_that_we_lack_is_named(int compression, string name)
    {
        var batch = Bytes.With(Bytes.Batch(false, [1]), 0, (byte)(0x80 | (compression << 4)));
        Broken(Bytes.Chunk(12, 1, batch)).ShouldContain(name);
    }

    [Fact]
    public void Whatever_bytes_come_only_the_named_exception_leaves()
    {
        var random = new Random(20_101_201);
        for (var round = 0; round < 20_000; round++)
        {
            var mutated = Sound.ToArray();
            for (var changes = random.Next(1, 5); changes > 0; changes--)
            {
                mutated[random.Next(mutated.Length)] = (byte)random.Next(256);
            }

            // Half of them with a sound checksum, so that the entries are reached.
            if (round % 2 == 0)
            {
                mutated = Bytes.With(Bytes.With(mutated, 36, (uint)(mutated.Length - 48)), 32, Crc32.Compute(mutated.AsSpan(48)));
            }

            try
            {
                using var chunk = Parse(mutated);
                Read(chunk);
            }
            catch (ChunkException e)
            {
                e.Reason.ShouldNotBeEmpty();
            }
        }
    }

    private static string Broken(byte[] chunk)
    {
        using var parsed = Parse(chunk);
        return Should.Throw<ChunkException>(() => Read(parsed)).Message;
    }

    private static StreamChunk Parse(byte[] bytes)
    {
        var pooled = ArrayPool<byte>.Shared.Rent(bytes.Length);
        bytes.CopyTo(pooled, 0);
        return StreamChunk.Parse(pooled, 0, bytes.Length, Unpacker);
    }

    private static List<string> Read(StreamChunk chunk)
    {
        var all = new List<string>();
        using var records = chunk.Records();
        while (records.MoveNext())
        {
            all.Add($"{records.Offset}:{Convert.ToHexString(records.Current)}");
        }

        return all;
    }
}
