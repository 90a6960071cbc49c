using System.Buffers;
using System.Buffers.Binary;
using System.Text;

namespace FlowPlatform.RabbitMQ.StreamProtocol;

/// <summary>An outgoing frame in a pooled buffer. Not safe for concurrent use; dispose returns the buffer.</summary>
internal sealed class FrameBuffer : IDisposable
{
    /// <summary>Set in the key of every response.</summary>
    public const ushort ResponseBit = 0x8000;

    private byte[] bytes;

    public FrameBuffer(StreamCommand command, int capacity = 256, bool response = false)
    {
        bytes = ArrayPool<byte>.Shared.Rent(Math.Max(capacity, 16));
        Length = sizeof(uint);
        UInt16((ushort)((ushort)command | (response ? ResponseBit : 0)));
        UInt16(1);
    }

    /// <summary>Bytes so far, size prefix included.</summary>
    public int Length { get; private set; }

    public void Byte(byte value) => Reserve(1)[0] = value;

    public void UInt16(ushort value) => BinaryPrimitives.WriteUInt16BigEndian(Reserve(sizeof(ushort)), value);

    public void UInt32(uint value) => BinaryPrimitives.WriteUInt32BigEndian(Reserve(sizeof(uint)), value);

    public void UInt64(ulong value) => BinaryPrimitives.WriteUInt64BigEndian(Reserve(sizeof(ulong)), value);

    /// <summary>A string with its 16-bit length; null has length -1.</summary>
    public void String(string? value)
    {
        if (value is null)
        {
            UInt16(ushort.MaxValue);
            return;
        }

        var length = Encoding.UTF8.GetByteCount(value);
        if (length > short.MaxValue)
        {
            throw new ArgumentException($"A string of {length:N0} bytes is too long for the stream protocol: {short.MaxValue:N0} at most.", nameof(value));
        }

        UInt16((ushort)length);
        Encoding.UTF8.GetBytes(value, Reserve(length));
    }

    public void Map(IReadOnlyCollection<KeyValuePair<string, string>> map)
    {
        UInt32((uint)map.Count);
        foreach (var (key, value) in map)
        {
            String(key);
            String(value);
        }
    }

    /// <summary>The next <paramref name="count"/> bytes, to be filled by the caller before anything else is written.</summary>
    public Span<byte> Reserve(int count)
    {
        var needed = Length + count;
        if (needed > bytes.Length)
        {
            var larger = ArrayPool<byte>.Shared.Rent(Math.Max(needed, bytes.Length * 2));
            bytes.AsSpan(0, Length).CopyTo(larger);
            ArrayPool<byte>.Shared.Return(bytes);
            bytes = larger;
        }

        var span = bytes.AsSpan(Length, count);
        Length = needed;
        return span;
    }

    public void PatchByte(int position, byte value) => bytes[position] = value;

    /// <summary>Overwrites a number that was written as a placeholder.</summary>
    public void PatchUInt32(int position, uint value) => BinaryPrimitives.WriteUInt32BigEndian(bytes.AsSpan(position, sizeof(uint)), value);

    /// <summary>The whole frame with its size filled in. Valid until dispose.</summary>
    public ReadOnlyMemory<byte> Finish()
    {
        PatchUInt32(0, (uint)(Length - sizeof(uint)));
        return bytes.AsMemory(0, Length);
    }

    public void Dispose()
    {
        ArrayPool<byte>.Shared.Return(bytes);
        bytes = [];
        Length = 0;
    }
}
