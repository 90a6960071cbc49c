using System.Buffers.Binary;
using System.Text;

namespace FlowPlatform.Dashboard.Receiving;

/// <summary>Reads one protobuf message, field by field. Truncated or unknown encodings throw.</summary>
internal ref struct ProtobufReader(ReadOnlySpan<byte> message)
{
    private ReadOnlySpan<byte> rest = message;
    private int wireType = -1;

    /// <summary>Number of the current field.</summary>
    public int Field { get; private set; }

    /// <summary>Whether the current field is a message, a text, bytes or packed numbers.</summary>
    public readonly bool HasLength => wireType == 2;

    /// <summary>Goes to the next field; what was not read of the last one is skipped.</summary>
    public bool Next()
    {
        Skip();
        if (rest.IsEmpty)
        {
            return false;
        }

        var tag = ReadVarint();
        (Field, wireType) = ((int)(tag >> 3), (int)(tag & 7));
        return true;
    }

    public ulong Varint()
    {
        Expect(0);
        return ReadVarint();
    }

    public ulong Fixed64()
    {
        Expect(1);
        return BinaryPrimitives.ReadUInt64LittleEndian(Take(sizeof(ulong)));
    }

    public double Double() => BitConverter.UInt64BitsToDouble(Fixed64());

    public ReadOnlySpan<byte> Bytes()
    {
        Expect(2);
        return Take(checked((int)ReadVarint()));
    }

    public string Text() => Encoding.UTF8.GetString(Bytes());

    public string Hex() => Convert.ToHexStringLower(Bytes());

    public ProtobufReader Message() => new(Bytes());

    private void Expect(int expected)
    {
        if (wireType != expected)
        {
            throw new InvalidDataException($"Field {Field} has wire type {wireType}, not {expected}.");
        }

        wireType = -1;
    }

    private void Skip()
    {
        switch (wireType)
        {
            case -1:
                return;
            case 0:
                ReadVarint();
                break;
            case 1:
                Take(8);
                break;
            case 2:
                Take(checked((int)ReadVarint()));
                break;
            case 5:
                Take(4);
                break;
            default:
                throw new InvalidDataException($"Field {Field} has unknown wire type {wireType}.");
        }

        wireType = -1;
    }

    private ulong ReadVarint()
    {
        var value = 0UL;
        for (var shift = 0; shift < 64; shift += 7)
        {
            var part = Take(1)[0];
            value |= (ulong)(part & 0x7F) << shift;
            if (part < 0x80)
            {
                return value;
            }
        }

        throw new InvalidDataException("A number has more than 64 bits.");
    }

    private ReadOnlySpan<byte> Take(int count)
    {
        if (count > rest.Length)
        {
            throw new InvalidDataException($"The message ends {count - rest.Length} bytes too early.");
        }

        var taken = rest[..count];
        rest = rest[count..];
        return taken;
    }
}
