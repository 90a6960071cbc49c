using System.Buffers.Binary;

namespace FlowPlatform.RabbitMQ.Tests.Fuzz;

/// <summary>Makes damaged bytes of sound ones: the first number of a program chooses what to damage, every other one is one way of damaging it.</summary>
internal static class Mutator
{
    private const int LargestInsert = 16;
    private static readonly uint[] Boundaries = [0, 1, 2, 127, 128, 255, 256, 65_535, 65_536, 0x7fffffff, 0x80000000, 0xfffffffe, 0xffffffff];

    /// <summary>What the program makes of one of the samples; the last choice, as it were, is bytes without any sense.</summary>
    public static byte[] Apply(IReadOnlyList<byte[]> samples, ReadOnlySpan<int> program)
    {
        var choice = (int)((uint)program[0] % (uint)(samples.Count + 1));
        var bytes = choice < samples.Count ? samples[choice] : Noise(program[0], (program[0] >>> 8) % 300);
        foreach (var step in program[1..])
        {
            bytes = Damage(bytes, samples, (uint)step);
        }

        return bytes;
    }

    private static byte[] Damage(byte[] bytes, IReadOnlyList<byte[]> samples, uint step)
    {
        var at = bytes.Length == 0 ? 0 : (int)((step >> 4) % (uint)bytes.Length);
        var amount = (int)(step >> 24);
        switch (step & 7)
        {
            case 0 when bytes.Length > 0:
                return With(bytes, at, (byte)amount);
            case 1 when bytes.Length > 0:
                return With(bytes, at, (byte)(bytes[at] ^ (1 << (amount & 7))));
            case 2:
                return [.. bytes[..at], .. Noise((int)step, amount % LargestInsert), .. bytes[at..]];
            case 3:
                return [.. bytes[..at], .. bytes[Math.Min(bytes.Length, at + amount)..]];
            case 4:
                return bytes[..at];
            case 5 when bytes.Length - at >= sizeof(uint):
                var number = bytes.ToArray();
                BinaryPrimitives.WriteUInt32BigEndian(number.AsSpan(at), Boundaries[amount % Boundaries.Length]);
                return number;
            case 6:
                return [.. bytes[..at], .. bytes[at..Math.Min(bytes.Length, at + amount)], .. bytes[at..]];
            default:
                var other = samples[amount % samples.Count];
                return [.. bytes[..at], .. other[(int)((step >> 8) % (uint)other.Length)..]];
        }
    }

    private static byte[] With(byte[] bytes, int at, byte value)
    {
        var copy = bytes.ToArray();
        copy[at] = value;
        return copy;
    }

    private static byte[] Noise(int seed, int length)
    {
        var noise = new byte[length];
        var state = (uint)seed | 1;
        for (var index = 0; index < length; index++)
        {
            state = (state * 1_664_525) + 1_013_904_223;
            noise[index] = (byte)(state >> 24);
        }

        return noise;
    }
}
