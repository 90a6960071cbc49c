using System.Buffers.Binary;
using System.Text;

namespace FlowPlatform.RabbitMQ.StreamProtocol;

/// <summary>Reads an incoming frame's fields, never past its end. What is cut short or out of range throws <see cref="StreamProtocolException"/>.</summary>
internal ref struct FrameReader(ReadOnlySpan<byte> frame)
{
    private ReadOnlySpan<byte> rest = frame;

    /// <summary>What is not read yet.</summary>
    public readonly ReadOnlySpan<byte> Rest => rest;

    public byte Byte() => Take(1)[0];

    public ushort UInt16() => BinaryPrimitives.ReadUInt16BigEndian(Take(sizeof(ushort)));

    public uint UInt32() => BinaryPrimitives.ReadUInt32BigEndian(Take(sizeof(uint)));

    public ulong UInt64() => BinaryPrimitives.ReadUInt64BigEndian(Take(sizeof(ulong)));

    public StreamResponseCode Code() => (StreamResponseCode)UInt16();

    /// <summary>A string with its 16-bit length; -1 is null.</summary>
    public string? NullableString()
    {
        var length = (short)UInt16();
        return length switch
        {
            -1 => null,
            < -1 => throw new StreamProtocolException($"A string claims a length of {length}."),
            _ => Encoding.UTF8.GetString(Take(length)),
        };
    }

    public string String() => NullableString() ?? string.Empty;

    /// <summary>Number of items that follow, which can't be more than the frame has room for.</summary>
    public int Count(int smallestItem)
    {
        var count = UInt32();
        if (count > (uint)(rest.Length / smallestItem))
        {
            throw new StreamProtocolException($"A frame claims {count:N0} items, and {rest.Length:N0} bytes are left for them.");
        }

        return (int)count;
    }

    public string[] Strings()
    {
        var items = new string[Count(sizeof(ushort))];
        for (var i = 0; i < items.Length; i++)
        {
            items[i] = String();
        }

        return items;
    }

    public Dictionary<string, string> Map()
    {
        var count = Count(2 * sizeof(ushort));
        var map = new Dictionary<string, string>(count, StringComparer.Ordinal);
        for (var i = 0; i < count; i++)
        {
            var key = String();
            map[key] = String();
        }

        return map;
    }

    public ReadOnlySpan<byte> Take(int count)
    {
        if (count > rest.Length)
        {
            throw new StreamProtocolException($"A frame ends {count - rest.Length:N0} bytes too early.");
        }

        var taken = rest[..count];
        rest = rest[count..];
        return taken;
    }
}
