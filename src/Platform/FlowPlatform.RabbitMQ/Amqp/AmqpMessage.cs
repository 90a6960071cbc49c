using System.Buffers.Binary;
using System.Buffers.Text;

namespace FlowPlatform.RabbitMQ.Amqp;

/// <summary>
/// The parts of a message that an event is made of, in place, without an allocation. Values that we don't use are skipped, whatever their type.
/// </summary>
internal ref struct AmqpMessage
{
    // Set when read; an absent one has the constructor 0.
    public AmqpValue MessageId;
    public AmqpValue Subject;
    public AmqpValue Correlation;
    public AmqpValue ContentType;
    public AmqpValue Created;
    public AmqpValue Group;
    public AmqpValue Id;
    public AmqpValue Type;
    public AmqpValue Source;
    public AmqpValue Time;
    public AmqpValue TraceParent;
    public AmqpValue TraceState;
    public AmqpValue Producer;
    public AmqpValue Sequence;
    public AmqpValue CorrelationId;
    public AmqpValue CausationId;
    public ReadOnlySpan<byte> Data;

    private ReadOnlySpan<byte> whole;
    private int dataSections;

    /// <summary>Bytes of all data sections together.</summary>
    public int DataLength { get; private set; }

    /// <summary>Parses a message.</summary>
    /// <exception cref="AmqpFormatException">It is malformed, or has no data section.</exception>
    public static AmqpMessage Parse(ReadOnlySpan<byte> bytes)
    {
        var message = new AmqpMessage { whole = bytes };
        var reader = new AmqpReader(bytes);
        ulong otherBody = 0;
        while (!reader.AtEnd)
        {
            var start = reader.Position;
            var descriptor = reader.SectionDescriptor();
            var value = reader.Value();
            switch (descriptor)
            {
                case AmqpSection.Properties:
                    message.ReadProperties(value);
                    break;
                case AmqpSection.ApplicationProperties:
                    message.ReadApplicationProperties(value);
                    break;
                case AmqpSection.Data:
                    message.AddData(value);
                    break;
                case AmqpSection.Value or AmqpSection.Sequence:
                    otherBody = descriptor;
                    break;
                case AmqpSection.Header or AmqpSection.DeliveryAnnotations or AmqpSection.MessageAnnotations or AmqpSection.Footer:
                    break;
                default:
                    throw new AmqpFormatException(start, $"unknown section 0x{descriptor:x}.");
            }
        }

        return (message.dataSections, otherBody) switch
        {
            (0, AmqpSection.Value) => throw new AmqpFormatException(0, "its body is an amqp-value; an event needs a data section."),
            (0, AmqpSection.Sequence) => throw new AmqpFormatException(0, "its body is an amqp-sequence; an event needs a data section."),
            (0, _) => throw new AmqpFormatException(0, "it has no body; an event needs a data section."),
            _ => message,
        };
    }

    /// <summary>True if it carries this producer's reference and a sequence: it is one of ours (rules P3, W3).</summary>
    public readonly bool IsFrom(ReadOnlySpan<byte> producer) => Producer.IsText && Sequence.IsText && Producer.Content.SequenceEqual(producer);

    /// <summary>The producer's sequence.</summary>
    /// <exception cref="AmqpFormatException">It is no positive number.</exception>
    public readonly long ParseSequence() =>
        Utf8Parser.TryParse(Sequence.Content, out long sequence, out var used) && used == Sequence.Content.Length && sequence > 0
            ? sequence
            : throw new AmqpFormatException(Sequence.Position, $"{PropertyNames.Sequence} is no positive number.");

    /// <summary>Copies the body; <paramref name="destination"/> has <see cref="DataLength"/> bytes.</summary>
    public readonly void CopyData(Span<byte> destination)
    {
        if (dataSections == 1)
        {
            Data.CopyTo(destination);
            return;
        }

        // Several data sections are one body, cut into pieces: rare, so they are found a second time.
        for (var reader = new AmqpReader(whole); !reader.AtEnd;)
        {
            var descriptor = reader.SectionDescriptor();
            var value = reader.Value();
            if (descriptor == AmqpSection.Data)
            {
                value.Content.CopyTo(destination);
                destination = destination[value.Content.Length..];
            }
        }
    }

    private void AddData(AmqpValue value)
    {
        if (!value.IsBinary)
        {
            throw new AmqpFormatException(value.Position, $"a data section holds the type 0x{value.Constructor:x2} instead of binary.");
        }

        Data = value.Content;
        DataLength += value.Content.Length;
        dataSections++;
    }

    private void ReadProperties(AmqpValue list)
    {
        if (!list.IsList)
        {
            throw new AmqpFormatException(list.Position, $"the properties are of type 0x{list.Constructor:x2} instead of a list.");
        }

        var items = AmqpReader.Open(list, out var count);
        for (var i = 0; i < count; i++)
        {
            var item = items.Value();
            switch (i)
            {
                case 0:
                    MessageId = item;
                    break;
                case 3:
                    Subject = item;
                    break;
                case 5:
                    Correlation = item;
                    break;
                case 6:
                    ContentType = item;
                    break;
                case 9:
                    Created = item;
                    break;
                case 10:
                    Group = item;
                    break;
                default:
                    break;
            }
        }
    }

    private void ReadApplicationProperties(AmqpValue map)
    {
        if (!map.IsMap)
        {
            throw new AmqpFormatException(map.Position, $"the application properties are of type 0x{map.Constructor:x2} instead of a map.");
        }

        var items = AmqpReader.Open(map, out var count);
        if ((count & 1) != 0)
        {
            throw new AmqpFormatException(map.Position, $"a map has {count} items, an odd number.");
        }

        for (; count > 0; count -= 2)
        {
            var key = items.Value();
            var value = items.Value();
            if (key.IsText)
            {
                Assign(key.Content, value);
            }
        }
    }

    private void Assign(ReadOnlySpan<byte> key, AmqpValue value)
    {
        // Both prefixes are in the CloudEvents binding: ':' first, '_' since JMS can't do ':'.
        if (key.Length > 12 && key.StartsWith("cloudEvents"u8) && key[11] is (byte)':' or (byte)'_')
        {
            AssignCloudEvents(key[12..], value);
        }
        else if (key.SequenceEqual("flow-producer"u8))
        {
            Producer = value;
        }
        else if (key.SequenceEqual("flow-sequence"u8))
        {
            Sequence = value;
        }
        else if (key.SequenceEqual("traceparent"u8))
        {
            TraceParent = value;
        }
        else if (key.SequenceEqual("tracestate"u8))
        {
            TraceState = value;
        }
        else if (key.SequenceEqual("correlation-id"u8))
        {
            CorrelationId = value;
        }
        else if (key.SequenceEqual("causation-id"u8))
        {
            CausationId = value;
        }
    }

    private void AssignCloudEvents(ReadOnlySpan<byte> name, AmqpValue value)
    {
        if (name.SequenceEqual("id"u8))
        {
            Id = value;
        }
        else if (name.SequenceEqual("type"u8))
        {
            Type = value;
        }
        else if (name.SequenceEqual("source"u8))
        {
            Source = value;
        }
        else if (name.SequenceEqual("time"u8))
        {
            Time = value;
        }
    }

    /// <summary>Milliseconds of an AMQP timestamp; null if it is none.</summary>
    public static long? Milliseconds(AmqpValue value) =>
        value.Constructor == AmqpType.Timestamp ? BinaryPrimitives.ReadInt64BigEndian(value.Content) : null;
}
