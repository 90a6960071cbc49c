using System.Buffers.Binary;
using System.Text;

namespace FlowPlatform.Log;

/// <summary>
/// Which partition a key belongs to: 32-bit murmur3 (x86) of the key's UTF-8 with seed 104729, modulo the number of partitions,
/// as RabbitMQ's official stream clients route, so that theirs and ours agree.
/// </summary>
public static class Partitioner
{
    /// <summary>Seed of the hash, as the official clients have it.</summary>
    public const uint Seed = 104729;

    /// <summary>The partition of <paramref name="key"/> in a stream of <paramref name="partitions"/> partitions.</summary>
    public static int PartitionOf(string key, int partitions)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(partitions, 1);
        var size = Encoding.UTF8.GetMaxByteCount(key.Length);
        var buffer = size <= 512 ? stackalloc byte[size] : new byte[size];
        var written = Encoding.UTF8.GetBytes(key, buffer);
        return (int)(Hash(buffer[..written]) % (uint)partitions);
    }

    /// <summary>Murmur3 x86 32 of the bytes with <see cref="Seed"/>.</summary>
    public static uint Hash(ReadOnlySpan<byte> bytes)
    {
        const uint c1 = 0xcc9e2d51;
        const uint c2 = 0x1b873593;
        var hash = Seed;
        var rest = bytes;
        for (; rest.Length >= 4; rest = rest[4..])
        {
            var block = BinaryPrimitives.ReadUInt32LittleEndian(rest) * c1;
            hash ^= uint.RotateLeft(block, 15) * c2;
            hash = (uint.RotateLeft(hash, 13) * 5) + 0xe6546b64;
        }

        if (rest.Length > 0)
        {
            uint tail = rest[0];
            tail |= rest.Length > 1 ? (uint)rest[1] << 8 : 0;
            tail |= rest.Length > 2 ? (uint)rest[2] << 16 : 0;
            hash ^= uint.RotateLeft(tail * c1, 15) * c2;
        }

        hash ^= (uint)bytes.Length;
        hash = (hash ^ (hash >> 16)) * 0x85ebca6b;
        hash = (hash ^ (hash >> 13)) * 0xc2b2ae35;
        return hash ^ (hash >> 16);
    }
}
