using System.Buffers.Binary;
using System.Text;

namespace FlowPlatform.RabbitMQ.Amqp;

/// <summary>Keeps strings that come again and again (types, sources, producers), so that they are allocated once. Not safe for concurrent use; its size is fixed.</summary>
internal sealed class Utf8StringCache
{
    private const int Slots = 64;
    private const int LongestKept = 256;
    private readonly string?[] slots = new string?[Slots];

    public string Get(ReadOnlySpan<byte> utf8)
    {
        if (utf8.IsEmpty)
        {
            return string.Empty;
        }

        if (utf8.Length > LongestKept)
        {
            return Encoding.UTF8.GetString(utf8);
        }

        ref var slot = ref slots[Slot(utf8)];

        // Not ASCII is never equal, and so never served from here: correct, if slower.
        if (slot is null || slot.Length != utf8.Length || !Ascii.Equals(utf8, slot))
        {
            slot = Encoding.UTF8.GetString(utf8);
        }

        return slot;
    }

    private static uint Slot(ReadOnlySpan<byte> utf8)
    {
        var hash = (uint)utf8.Length * 0x9e3779b1;
        if (utf8.Length >= sizeof(ulong))
        {
            var first = BinaryPrimitives.ReadUInt64LittleEndian(utf8);
            var last = BinaryPrimitives.ReadUInt64LittleEndian(utf8[^sizeof(ulong)..]);
            var mixed = (first * 0x9e3779b97f4a7c15) ^ (last * 0xc2b2ae3d27d4eb4f);
            hash ^= (uint)(mixed >> 32);
        }
        else
        {
            foreach (var value in utf8)
            {
                hash = (hash ^ value) * 0x01000193;
            }
        }

        return (hash ^ (hash >> 16)) % Slots;
    }
}
