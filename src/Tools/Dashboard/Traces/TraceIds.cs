using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace FlowPlatform.Dashboard.Traces;

/// <summary>The id of a trace: 16 bytes, not all 0. Written as 32 hexadecimal digits.</summary>
public readonly record struct TraceId(ulong High, ulong Low)
{
    private const int Size = 16;

    public static bool TryRead(ReadOnlySpan<byte> bytes, out TraceId id)
    {
        id = bytes.Length == Size ? new TraceId(BinaryPrimitives.ReadUInt64BigEndian(bytes), BinaryPrimitives.ReadUInt64BigEndian(bytes[8..])) : default;
        return id != default;
    }

    public static bool TryParse([NotNullWhen(true)] string? text, out TraceId id)
    {
        id = default;
        if (text is { Length: 2 * Size }
            && ulong.TryParse(text.AsSpan(0, Size), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var high)
            && ulong.TryParse(text.AsSpan(Size), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var low))
        {
            id = new TraceId(high, low);
        }

        return id != default;
    }

    public byte[] ToBytes()
    {
        var bytes = new byte[Size];
        BinaryPrimitives.WriteUInt64BigEndian(bytes, High);
        BinaryPrimitives.WriteUInt64BigEndian(bytes.AsSpan(8), Low);
        return bytes;
    }

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{High:x16}{Low:x16}");
}

/// <summary>The id of a span: 8 bytes, not all 0. Written as 16 hexadecimal digits.</summary>
public readonly record struct SpanId(ulong Value)
{
    /// <summary>How a database keeps it.</summary>
    internal long Signed => unchecked((long)Value);

    internal static SpanId From(long signed) => new(unchecked((ulong)signed));

    public static bool TryRead(ReadOnlySpan<byte> bytes, out SpanId id)
    {
        id = bytes.Length == sizeof(ulong) ? new SpanId(BinaryPrimitives.ReadUInt64BigEndian(bytes)) : default;
        return id != default;
    }

    public static bool TryParse([NotNullWhen(true)] string? text, out SpanId id)
    {
        id = text is { Length: 16 } && ulong.TryParse(text, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var value) ? new SpanId(value) : default;
        return id != default;
    }

    public override string ToString() => Value.ToString("x16", CultureInfo.InvariantCulture);
}
