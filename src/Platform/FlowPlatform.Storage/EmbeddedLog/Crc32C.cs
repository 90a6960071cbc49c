using System.Numerics;
using System.Runtime.InteropServices;

namespace FlowPlatform.Storage.EmbeddedLog;

/// <summary>CRC-32C (Castagnoli), which processors compute: several GB/s.</summary>
internal static class Crc32C
{
    public static uint Compute(ReadOnlySpan<byte> data)
    {
        var crc = uint.MaxValue;
        var words = MemoryMarshal.Cast<byte, ulong>(data);
        foreach (var word in words)
        {
            crc = BitOperations.Crc32C(crc, word);
        }

        foreach (var rest in data[(words.Length * sizeof(ulong))..])
        {
            crc = BitOperations.Crc32C(crc, rest);
        }

        return ~crc;
    }

    /// <summary>Goes on with a number, so that a chunk at a wrong place doesn't pass, either.</summary>
    public static uint Append(uint crc, long value) => ~BitOperations.Crc32C(~crc, (ulong)value);
}
