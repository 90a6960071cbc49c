using System.Buffers.Binary;
using System.Buffers.Text;
using System.Globalization;
using System.Text;
using FlowPlatform.Log;

namespace FlowPlatform.RabbitMQ.Amqp;

/// <summary>Sizes of an event's message, computed before it is written.</summary>
/// <param name="Properties">Bytes of the property list's items.</param>
/// <param name="ApplicationProperties">Bytes of the application properties' items.</param>
/// <param name="Total">Bytes of the whole message.</param>
internal readonly record struct MessageSize(int Properties, int ApplicationProperties, int Total);

/// <summary>Writes events as AMQP 1.0 messages by rule W1: properties, application properties with non-empty strings only, exactly one data section.</summary>
internal static class EventEncoder
{
    /// <summary>Bytes of a time as we write it: <c>2026-01-31T12:00:00.0000000Z</c>.</summary>
    public const int TimeLength = 28;

    private const int PropertyCount = 11;
    private const int NullProperties = 6;
    private const string SpecVersion = "1.0";

    /// <summary>Computes the sizes.</summary>
    /// <exception cref="ArgumentException">A required text is empty.</exception>
    public static MessageSize Measure(EventEnvelope e, string producer)
    {
        Require(e.Id, nameof(e.Id), e);
        Require(e.Type, nameof(e.Type), e);
        Require(e.Source, nameof(e.Source), e);
        var properties = NullProperties + Size(e.Id) + Size(e.Type) + Size(e.ContentType) + sizeof(byte) + sizeof(long) + Size(Key(e));
        var applicationProperties = Entry(PropertyNames.SpecVersion, SpecVersion)
            + Entry(PropertyNames.Id, e.Id)
            + Entry(PropertyNames.Type, e.Type)
            + Entry(PropertyNames.Source, e.Source)
            + Size(PropertyNames.Time) + 2 + TimeLength
            + Entry(PropertyNames.TraceParent, e.TraceParent)
            + Entry(PropertyNames.TraceState, e.TraceState)
            + Entry(PropertyNames.Producer, producer)
            + Size(PropertyNames.Sequence) + 2 + Digits(e.Sequence)
            + Entry(PropertyNames.CorrelationId, e.CorrelationId)
            + Entry(PropertyNames.CausationId, e.CausationId);
        const int descriptor = 3;
        var total = checked((3 * descriptor) + Compound(properties) + Compound(applicationProperties) + (e.Data.Length > 255 ? 5 : 2) + e.Data.Length);
        return new MessageSize(properties, applicationProperties, total);
    }

    /// <summary>Writes the message into <paramref name="destination"/>, which has exactly <see cref="MessageSize.Total"/> bytes.</summary>
    public static void Write(EventEnvelope e, string producer, MessageSize size, Span<byte> destination)
    {
        var writer = new Writer(destination);
        writer.Section((byte)AmqpSection.Properties);
        writer.Compound(AmqpType.List8, AmqpType.List32, size.Properties, PropertyCount);
        writer.Text(AmqpType.String8, e.Id);
        writer.Byte(AmqpType.Null);
        writer.Byte(AmqpType.Null);
        writer.Text(AmqpType.String8, e.Type);
        writer.Byte(AmqpType.Null);
        writer.Byte(AmqpType.Null);
        writer.Text(AmqpType.Symbol8, e.ContentType);
        writer.Byte(AmqpType.Null);
        writer.Byte(AmqpType.Null);
        writer.Timestamp(e.CommittedAt);
        writer.Text(AmqpType.String8, Key(e));

        writer.Section((byte)AmqpSection.ApplicationProperties);
        writer.Compound(AmqpType.Map8, AmqpType.Map32, size.ApplicationProperties, ApplicationPropertyCount(e));
        writer.Entry(PropertyNames.SpecVersion, SpecVersion);
        writer.Entry(PropertyNames.Id, e.Id);
        writer.Entry(PropertyNames.Type, e.Type);
        writer.Entry(PropertyNames.Source, e.Source);
        writer.Text(AmqpType.String8, PropertyNames.Time);
        writer.Time(e.Time);
        writer.Entry(PropertyNames.TraceParent, e.TraceParent);
        writer.Entry(PropertyNames.TraceState, e.TraceState);
        writer.Entry(PropertyNames.Producer, producer);
        writer.Text(AmqpType.String8, PropertyNames.Sequence);
        writer.Number(e.Sequence);
        writer.Entry(PropertyNames.CorrelationId, e.CorrelationId);
        writer.Entry(PropertyNames.CausationId, e.CausationId);

        writer.Section((byte)AmqpSection.Data);
        writer.Binary(e.Data.Span);
    }

    private static string Key(EventEnvelope e) => e.Key.Length == 0 ? e.Id : e.Key;

    private static int ApplicationPropertyCount(EventEnvelope e) =>
        2 * (7 + Count(e.TraceParent) + Count(e.TraceState) + Count(e.CorrelationId) + Count(e.CausationId));

    private static int Count(string? value) => string.IsNullOrEmpty(value) ? 0 : 1;

    private static int Entry(string name, string? value) => string.IsNullOrEmpty(value) ? 0 : Size(name) + Size(value);

    private static int Size(string value)
    {
        var length = Encoding.UTF8.GetByteCount(value);
        return (length > 255 ? 5 : 2) + length;
    }

    // Size and count take one byte each if the size, which includes the count, fits into one.
    private static int Compound(int items) => (items + 1 > 255 ? 9 : 3) + items;

    private static int Digits(long value)
    {
        var digits = 1;
        for (; value >= 10; value /= 10)
        {
            digits++;
        }

        return digits;
    }

    private static void Require(string value, string name, EventEnvelope e)
    {
        if (string.IsNullOrEmpty(value))
        {
            throw new ArgumentException($"Event '{e.Id}' of type '{e.Type}' has no {name}.", nameof(e));
        }
    }

    private ref struct Writer(Span<byte> rest)
    {
        private Span<byte> rest = rest;

        public void Byte(byte value)
        {
            rest[0] = value;
            rest = rest[1..];
        }

        public void Section(byte code)
        {
            Byte(AmqpType.Described);
            Byte(AmqpType.SmallULong);
            Byte(code);
        }

        public void Compound(byte small, byte large, int items, int count)
        {
            if (items + 1 > 255)
            {
                Byte(large);
                UInt32((uint)(items + sizeof(uint)));
                UInt32((uint)count);
            }
            else
            {
                Byte(small);
                Byte((byte)(items + 1));
                Byte((byte)count);
            }
        }

        public void Entry(string name, string? value)
        {
            if (!string.IsNullOrEmpty(value))
            {
                Text(AmqpType.String8, name);
                Text(AmqpType.String8, value);
            }
        }

        public void Text(byte small, string value)
        {
            var length = Encoding.UTF8.GetByteCount(value);
            Header(small, length);
            Encoding.UTF8.GetBytes(value, rest);
            rest = rest[length..];
        }

        public void Time(DateTimeOffset value)
        {
            Byte(AmqpType.String8);
            Byte(TimeLength);
            Utf8Formatter.TryFormat(value.UtcDateTime, rest, out var written, 'O');
            rest = rest[written..];
        }

        public void Number(long value)
        {
            Byte(AmqpType.String8);
            value.TryFormat(rest[1..], out var written, default, CultureInfo.InvariantCulture);
            Byte((byte)written);
            rest = rest[written..];
        }

        public void Timestamp(DateTimeOffset value)
        {
            Byte(AmqpType.Timestamp);
            BinaryPrimitives.WriteInt64BigEndian(rest, value.ToUnixTimeMilliseconds());
            rest = rest[sizeof(long)..];
        }

        public void Binary(ReadOnlySpan<byte> value)
        {
            Header(AmqpType.Binary8, value.Length);
            value.CopyTo(rest);
            rest = rest[value.Length..];
        }

        // The 32-bit form of a variable-width type is 0x10 above its 8-bit form.
        private void Header(byte small, int length)
        {
            if (length > 255)
            {
                Byte((byte)(small + 0x10));
                UInt32((uint)length);
            }
            else
            {
                Byte(small);
                Byte((byte)length);
            }
        }

        private void UInt32(uint value)
        {
            BinaryPrimitives.WriteUInt32BigEndian(rest, value);
            rest = rest[sizeof(uint)..];
        }
    }
}
