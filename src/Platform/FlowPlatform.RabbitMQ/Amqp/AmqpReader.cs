using System.Buffers.Binary;

namespace FlowPlatform.RabbitMQ.Amqp;

/// <summary>One primitive value or compound in place: its constructor and its content, size and count prefixes taken off.</summary>
internal readonly ref struct AmqpValue(byte constructor, ReadOnlySpan<byte> content, int position)
{
    public byte Constructor { get; } = constructor;

    public ReadOnlySpan<byte> Content { get; } = content;

    public int Position { get; } = position;

    public bool IsNull => Constructor == AmqpType.Null;

    public bool IsText => Constructor is AmqpType.String8 or AmqpType.String32 or AmqpType.Symbol8 or AmqpType.Symbol32;

    public bool IsBinary => Constructor is AmqpType.Binary8 or AmqpType.Binary32;

    public bool IsList => Constructor is AmqpType.List0 or AmqpType.List8 or AmqpType.List32;

    public bool IsMap => Constructor is AmqpType.Map8 or AmqpType.Map32;
}

/// <summary>Reads AMQP 1.0 values, never past the end. Malformed input throws <see cref="AmqpFormatException"/>.</summary>
internal ref struct AmqpReader(ReadOnlySpan<byte> bytes, int origin = 0)
{
    /// <summary>Most descriptors around one value. Real messages have one.</summary>
    public const int MaxDepth = 32;

    private readonly ReadOnlySpan<byte> bytes = bytes;
    private int position;

    public readonly bool AtEnd => position == bytes.Length;

    public readonly int Position => origin + position;

    /// <summary>Reads the descriptor of a section and leaves the reader at its value.</summary>
    public ulong SectionDescriptor()
    {
        var start = Position;
        if (Byte() != AmqpType.Described)
        {
            throw new AmqpFormatException(start, $"a section starts with 0x{bytes[position - 1]:x2} instead of 0x00.");
        }

        var descriptor = Value();
        switch (descriptor.Constructor)
        {
            case AmqpType.ULong0:
                return 0;
            case AmqpType.SmallULong:
                return descriptor.Content[0];
            case AmqpType.ULong:
                return BinaryPrimitives.ReadUInt64BigEndian(descriptor.Content);
            case AmqpType.Symbol8 or AmqpType.Symbol32:
                return FromSymbol(descriptor.Content, start);
            default:
                throw new AmqpFormatException(start, $"a section's descriptor has the type 0x{descriptor.Constructor:x2}.");
        }
    }

    /// <summary>The next value; descriptors in front of it are skipped. A compound is taken whole, by its size.</summary>
    public AmqpValue Value()
    {
        var start = Position;
        var constructor = Byte();

        // Each descriptor is a value of its own, which may be described again: counted, not recursed into.
        var values = 1;
        for (var depth = 0; constructor == AmqpType.Described || values > 1;)
        {
            if (constructor == AmqpType.Described)
            {
                values++;
                if (++depth > MaxDepth)
                {
                    throw new AmqpFormatException(start, $"more than {MaxDepth} descriptors around one value.");
                }
            }
            else
            {
                Content(constructor);
                values--;
            }

            constructor = Byte();
        }

        return new AmqpValue(constructor, Content(constructor), start);
    }

    /// <summary>Opens a list or a map: a reader of its items, and how many there are.</summary>
    public static AmqpReader Open(AmqpValue compound, out int count)
    {
        var content = compound.Content;
        switch (compound.Constructor)
        {
            case AmqpType.List0:
                count = 0;
                return new AmqpReader(content, compound.Position);
            case AmqpType.List8 or AmqpType.Map8:
                count = content[0];
                content = content[1..];
                break;
            default:
                // Every item takes a byte at least: a claimed count above that is cut short anyway when the items run out.
                count = (int)Math.Min(BinaryPrimitives.ReadUInt32BigEndian(content), int.MaxValue);
                content = content[sizeof(uint)..];
                break;
        }

        return new AmqpReader(content, compound.Position);
    }

    private static ulong FromSymbol(ReadOnlySpan<byte> symbol, int position)
    {
        if (symbol.SequenceEqual("amqp:header:list"u8))
        {
            return AmqpSection.Header;
        }

        if (symbol.SequenceEqual("amqp:delivery-annotations:map"u8))
        {
            return AmqpSection.DeliveryAnnotations;
        }

        if (symbol.SequenceEqual("amqp:message-annotations:map"u8))
        {
            return AmqpSection.MessageAnnotations;
        }

        if (symbol.SequenceEqual("amqp:properties:list"u8))
        {
            return AmqpSection.Properties;
        }

        if (symbol.SequenceEqual("amqp:application-properties:map"u8))
        {
            return AmqpSection.ApplicationProperties;
        }

        if (symbol.SequenceEqual("amqp:data:binary"u8))
        {
            return AmqpSection.Data;
        }

        if (symbol.SequenceEqual("amqp:amqp-sequence:list"u8))
        {
            return AmqpSection.Sequence;
        }

        if (symbol.SequenceEqual("amqp:amqp-value:*"u8))
        {
            return AmqpSection.Value;
        }

        return symbol.SequenceEqual("amqp:footer:map"u8)
            ? AmqpSection.Footer
            : throw new AmqpFormatException(position, "a section has an unknown symbol as descriptor.");
    }

    /// <summary>The upper half of a constructor says how its content's length is found.</summary>
    private ReadOnlySpan<byte> Content(byte constructor)
    {
        var start = Position - 1;
        return (constructor >> 4) switch
        {
            0x4 => [],
            0x5 => Take(1),
            0x6 => Take(2),
            0x7 => Take(4),
            0x8 => Take(8),
            0x9 => Take(16),
            0xa => Take(Byte()),
            0xb => Take(Length32()),
            0xc or 0xe => Compound(Byte(), 1, start),
            0xd or 0xf => Compound(Length32(), sizeof(uint), start),
            _ => throw new AmqpFormatException(start, $"unknown type 0x{constructor:x2}."),
        };
    }

    private ReadOnlySpan<byte> Compound(int length, int countBytes, int start) =>
        length >= countBytes ? Take(length) : throw new AmqpFormatException(start, $"a compound of {length} bytes has no room for its count.");

    private int Length32()
    {
        var start = Position;
        var length = BinaryPrimitives.ReadUInt32BigEndian(Take(sizeof(uint)));
        return length <= (uint)(bytes.Length - position) ? (int)length : throw Short(start, length);
    }

    private byte Byte() => Take(1)[0];

    private ReadOnlySpan<byte> Take(int count)
    {
        if (count > bytes.Length - position)
        {
            throw Short(Position, (uint)count);
        }

        var taken = bytes.Slice(position, count);
        position += count;
        return taken;
    }

    private readonly AmqpFormatException Short(int at, uint wanted) =>
        new(at, $"{wanted:N0} bytes are announced, and {bytes.Length - position:N0} are left.");
}
