using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace FlowPlatform.RabbitMQ.StreamProtocol;

/// <summary>CRC-32 with zlib's polynomial, sixteen bytes at a time.</summary>
internal static class Crc32
{
    private const uint Polynomial = 0xedb88320;
    private static readonly uint[] Tables = Generate();

    public static uint Compute(ReadOnlySpan<byte> data)
    {
        var crc = uint.MaxValue;

        // Indices are a table's base plus a byte, always below 16 * 256: the bounds checks would cost a third of the speed.
        ref var table = ref MemoryMarshal.GetArrayDataReference(Tables);
        for (; data.Length >= 16; data = data[16..])
        {
            var a = BinaryPrimitives.ReadUInt32LittleEndian(data) ^ crc;
            var b = BinaryPrimitives.ReadUInt32LittleEndian(data[4..]);
            var c = BinaryPrimitives.ReadUInt32LittleEndian(data[8..]);
            var d = BinaryPrimitives.ReadUInt32LittleEndian(data[12..]);
            crc = Four(ref table, 12, a) ^ Four(ref table, 8, b) ^ Four(ref table, 4, c) ^ Four(ref table, 0, d);
        }

        foreach (var value in data)
        {
            crc = Unsafe.Add(ref table, (byte)(crc ^ value)) ^ (crc >> 8);
        }

        return ~crc;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static uint Four(ref uint table, int first, uint value) =>
        Unsafe.Add(ref table, ((first + 3) * 256) + (byte)value)
        ^ Unsafe.Add(ref table, ((first + 2) * 256) + (byte)(value >> 8))
        ^ Unsafe.Add(ref table, ((first + 1) * 256) + (byte)(value >> 16))
        ^ Unsafe.Add(ref table, (first * 256) + (int)(value >> 24));

    private static uint[] Generate()
    {
        var tables = new uint[16 * 256];
        for (var i = 0u; i < 256; i++)
        {
            var crc = i;
            for (var bit = 0; bit < 8; bit++)
            {
                crc = (crc & 1) == 0 ? crc >> 1 : (crc >> 1) ^ Polynomial;
            }

            tables[i] = crc;
        }

        for (var i = 256; i < tables.Length; i++)
        {
            var previous = tables[i - 256];
            tables[i] = tables[previous & 0xff] ^ (previous >> 8);
        }

        return tables;
    }
}
