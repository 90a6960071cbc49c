using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using System.Text.Json;

namespace FlowPlatform.Chaos.Checking;

/// <summary>
/// Reads an entry of a stream, an AMQP 1.0 message, as any client in any language would: of the sections only properties (for the creation time), application properties and data. A reader of its own, so that
/// a fault of the product's can't hide itself.
/// </summary>
internal ref struct EntryReader
{
    private const byte Properties = 0x73;
    private const byte ApplicationProperties = 0x74;
    private const byte Data = 0x75;
    private const int CreationTime = 9;

    private ReadOnlySpan<byte> rest;

    private EntryReader(ReadOnlySpan<byte> entry) => rest = entry;

    /// <exception cref="InvalidDataException">It is no such message.</exception>
    public static LoggedEvent Read(ReadOnlySpan<byte> entry)
    {
        var reader = new EntryReader(entry);
        var texts = new Dictionary<string, string>(StringComparer.Ordinal);
        var created = default(DateTimeOffset);
        JsonElement? data = null;
        while (!reader.rest.IsEmpty)
        {
            var section = reader.Section();
            var value = reader.Value();
            switch (section)
            {
                case Properties:
                    created = Created(value);
                    break;
                case ApplicationProperties:
                    Texts(value, texts);
                    break;
                case Data:
                    data = JsonDocument.Parse(value.ToArray()).RootElement;
                    break;
            }
        }

        return new LoggedEvent(
            texts["cloudEvents:id"],
            texts["cloudEvents:type"],
            texts["flow-producer"],
            long.Parse(texts["flow-sequence"], CultureInfo.InvariantCulture),
            DateTimeOffset.Parse(texts["cloudEvents:time"], CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal),
            created,
            data ?? throw new InvalidDataException("An entry has no data."));
    }

    private static void Texts(ReadOnlySpan<byte> items, Dictionary<string, string> texts)
    {
        var reader = new EntryReader(items);
        while (!reader.rest.IsEmpty)
        {
            texts[Encoding.UTF8.GetString(reader.Value())] = Encoding.UTF8.GetString(reader.Value());
        }
    }

    private static DateTimeOffset Created(ReadOnlySpan<byte> items)
    {
        var reader = new EntryReader(items);
        for (var i = 0; i < CreationTime; i++)
        {
            reader.Value();
        }

        return DateTimeOffset.FromUnixTimeMilliseconds(BinaryPrimitives.ReadInt64BigEndian(reader.Value()));
    }

    /// <summary>Its code, behind the descriptor's two bytes.</summary>
    private byte Section() => Take(3) is [0x00, 0x53, var code] ? code : throw new InvalidDataException("An entry has something else where a section should begin.");

    /// <summary>The bytes of the next value; of a list or map, its items.</summary>
    private ReadOnlySpan<byte> Value()
    {
        var constructor = Take(1)[0];
        return constructor switch
        {
            0x40 or 0x41 or 0x42 or 0x43 or 0x44 or 0x45 => [],
            >= 0x50 and <= 0x5f => Take(1),
            >= 0x60 and <= 0x6f => Take(2),
            >= 0x70 and <= 0x7f => Take(4),
            >= 0x80 and <= 0x8f => Take(8),
            >= 0x90 and <= 0x9f => Take(16),
            >= 0xa0 and <= 0xaf => Take(Take(1)[0]),
            >= 0xb0 and <= 0xbf => Take(Length()),
            >= 0xc0 and <= 0xcf => Take(Take(1)[0])[1..],
            >= 0xd0 and <= 0xdf => Take(Length())[4..],
            _ => throw new InvalidDataException($"An entry has a value of the unknown kind 0x{constructor:x2}."),
        };
    }

    private int Length() => (int)BinaryPrimitives.ReadUInt32BigEndian(Take(4));

    private ReadOnlySpan<byte> Take(int count)
    {
        if (count < 0 || count > rest.Length)
        {
            throw new InvalidDataException("An entry is cut short.");
        }

        var taken = rest[..count];
        rest = rest[count..];
        return taken;
    }
}
