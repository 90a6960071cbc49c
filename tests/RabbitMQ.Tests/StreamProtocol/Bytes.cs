using System.Buffers.Binary;
using System.IO.Compression;
using System.Text;
using FlowPlatform.RabbitMQ.StreamProtocol;

namespace FlowPlatform.RabbitMQ.Tests.StreamProtocol;

/// <summary>Puts big-endian bytes together, independently of the code under test.</summary>
internal sealed class Bytes
{
    private readonly List<byte> all = [];

    public int Length => all.Count;

    public Bytes U8(int value)
    {
        all.Add((byte)value);
        return this;
    }

    public Bytes U16(int value) => U8(value >> 8).U8(value);

    public Bytes U32(long value) => U16((int)(value >> 16)).U16((int)value);

    public Bytes U64(long value) => U32(value >> 32).U32(value);

    public Bytes Text(string value)
    {
        var utf8 = Encoding.UTF8.GetBytes(value);
        return U16(utf8.Length).Raw(utf8);
    }

    public Bytes Raw(params ReadOnlySpan<byte> bytes)
    {
        all.AddRange(bytes);
        return this;
    }

    public byte[] ToArray() => [.. all];

    /// <summary>With its size in front.</summary>
    public byte[] ToFrame() => new Bytes().U32(all.Count).Raw([.. all]).ToArray();

    public static Bytes Frame(int key, int version = 1) => new Bytes().U16(key).U16(version);

    /// <summary>An entry with one record.</summary>
    public static byte[] Entry(params ReadOnlySpan<byte> message) => new Bytes().U32(message.Length).Raw(message).ToArray();

    /// <summary>An entry with several records, packed with gzip or not.</summary>
    public static byte[] Batch(bool gzip, params byte[][] messages)
    {
        var body = messages.SelectMany(message => Entry(message)).ToArray();
        var packed = gzip ? Gzip(body) : body;
        return new Bytes().U8(gzip ? 0x90 : 0x80).U16(messages.Length).U32(body.Length).U32(packed.Length).Raw(packed).ToArray();
    }

    public static byte[] Chunk(long offset, long records, params byte[][] entries) => Chunk(offset, records, entries.Length, entries.SelectMany(entry => entry).ToArray());

    public static byte[] Chunk(long offset, long records, int entries, byte[] data) => new Bytes()
        .U8(0x50).U8(0).U16(entries).U32(records).U64(1_700_000_000_000).U64(7).U64(offset).U32(Crc32.Compute(data)).U32(data.Length).U32(99).U32(0)
        .Raw(data).ToArray();

    public static byte[] Gzip(byte[] data)
    {
        using var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionLevel.Fastest))
        {
            gzip.Write(data);
        }

        return packed.ToArray();
    }

    /// <summary>Overwrites a big-endian number.</summary>
    public static byte[] With(byte[] source, int position, uint value)
    {
        var copy = source.ToArray();
        BinaryPrimitives.WriteUInt32BigEndian(copy.AsSpan(position), value);
        return copy;
    }

    public static byte[] With(byte[] source, int position, byte value)
    {
        var copy = source.ToArray();
        copy[position] = value;
        return copy;
    }
}
