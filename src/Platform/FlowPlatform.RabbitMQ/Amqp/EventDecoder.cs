using System.Buffers.Binary;
using System.Buffers.Text;
using System.Globalization;
using System.Text;
using FlowPlatform.Log;

namespace FlowPlatform.RabbitMQ.Amqp;

/// <summary>Makes events of messages. Keeps repeated strings and cuts bodies from larger arrays to save allocations; not safe for concurrent use.</summary>
internal sealed class EventDecoder
{
    // Below the large object heap's limit. An event that is kept keeps at most so much memory alive.
    private const int SlabBytes = 64 * 1024;
    private const string DefaultContentType = "application/json";

    private readonly Utf8StringCache strings = new();
    private Memory<byte> slab;

    /// <summary>Decodes a message of ours or of a foreign writer (who gets sensible defaults, no producer and sequence 0).</summary>
    /// <param name="bytes">The message; not referenced afterwards.</param>
    /// <param name="partition">Where it is.</param>
    /// <param name="offset">Its offset.</param>
    /// <param name="stored">When its chunk was stored.</param>
    /// <exception cref="AmqpFormatException">It is malformed, or its body is not data.</exception>
    public EventEnvelope Decode(ReadOnlySpan<byte> bytes, PartitionId partition, long offset, DateTimeOffset stored)
    {
        var message = AmqpMessage.Parse(bytes);
        var committed = Time(AmqpMessage.Milliseconds(message.Created), message.Created.Position) ?? stored;
        var id = Text(message.Id) ?? Identifier(message.MessageId) ?? string.Create(CultureInfo.InvariantCulture, $"{partition.Name}/{offset}");
        var producer = message.Producer.IsText && message.Sequence.IsText ? Kept(message.Producer) : null;
        return new EventEnvelope
        {
            Id = id,
            Type = Kept(message.Type) ?? Kept(message.Subject) ?? "unknown",
            Source = Kept(message.Source) ?? "unknown",
            Key = Text(message.Group) ?? id,
            Time = Time(message.Time) ?? committed,
            CommittedAt = committed,
            ContentType = Kept(message.ContentType) ?? DefaultContentType,
            TraceParent = Text(message.TraceParent),
            TraceState = Kept(message.TraceState),
            CorrelationId = Text(message.CorrelationId) ?? Identifier(message.Correlation),
            CausationId = Text(message.CausationId),
            Producer = producer,
            Sequence = producer is null ? 0 : message.ParseSequence(),
            Data = CopyData(message),
        };
    }

    /// <summary>Ids may be strings, numbers, UUIDs or binary; null if there is none.</summary>
    private static string? Identifier(AmqpValue value) => value.Constructor switch
    {
        AmqpType.ULong0 => "0",
        AmqpType.SmallULong => value.Content[0].ToString(CultureInfo.InvariantCulture),
        AmqpType.ULong => BinaryPrimitives.ReadUInt64BigEndian(value.Content).ToString(CultureInfo.InvariantCulture),
        AmqpType.Uuid => new Guid(value.Content, bigEndian: true).ToString(),
        AmqpType.Binary8 or AmqpType.Binary32 => value.Content.IsEmpty ? null : Convert.ToHexStringLower(value.Content),
        _ => Text(value),
    };

    private static string? Text(AmqpValue value) => value.IsText && !value.Content.IsEmpty ? Encoding.UTF8.GetString(value.Content) : null;

    private static DateTimeOffset? Time(long? milliseconds, int position) => milliseconds switch
    {
        null => null,
        < -62_135_596_800_000 or > 253_402_300_799_999 => throw new AmqpFormatException(position, $"the timestamp {milliseconds} is out of range."),
        _ => DateTimeOffset.FromUnixTimeMilliseconds(milliseconds.Value),
    };

    private static DateTimeOffset? Time(AmqpValue value)
    {
        if (!value.IsText)
        {
            return Time(AmqpMessage.Milliseconds(value), value.Position);
        }

        // Ours has exactly this form; others get the general, slower way.
        if (value.Content.Length == EventEncoder.TimeLength
            && Utf8Parser.TryParse(value.Content, out DateTime ours, out var used, 'O') && used == value.Content.Length && ours.Kind == DateTimeKind.Utc)
        {
            return new DateTimeOffset(ours);
        }

        return DateTimeOffset.TryParse(
            Encoding.UTF8.GetString(value.Content), CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out var time)
            ? time
            : throw new AmqpFormatException(value.Position, $"{PropertyNames.Time} is no RFC 3339 time.");
    }

    private string? Kept(AmqpValue value) => value.IsText && !value.Content.IsEmpty ? strings.Get(value.Content) : null;

    private ReadOnlyMemory<byte> CopyData(in AmqpMessage message)
    {
        var length = message.DataLength;
        if (length == 0)
        {
            return ReadOnlyMemory<byte>.Empty;
        }

        if (length > SlabBytes / 4)
        {
            var own = GC.AllocateUninitializedArray<byte>(length);
            message.CopyData(own);
            return own;
        }

        if (slab.Length < length)
        {
            slab = GC.AllocateUninitializedArray<byte>(SlabBytes);
        }

        var part = slab[..length];
        slab = slab[length..];
        message.CopyData(part.Span);
        return part;
    }
}
