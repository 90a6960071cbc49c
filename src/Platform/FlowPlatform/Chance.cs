using System.Security.Cryptography;

namespace FlowPlatform;

/// <summary>What the platform leaves to chance: delays that spread load, names that nobody had before. A simulation makes it repeatable, on its own thread. Safe for concurrent use.</summary>
internal static class Chance
{
    [ThreadStatic]
    private static Random? repeatable;

    /// <summary>Whether a simulation runs on this thread.</summary>
    public static bool IsRepeated => repeatable is not null;

    /// <summary>From now on, on this thread, chance comes from there; null: from the system again.</summary>
    public static void Repeat(Random? source) => repeatable = source;

    /// <summary>From 0 to less than 1. Protects nothing.</summary>
    public static double NextDouble()
    {
#pragma warning disable CA5394 // Spreads load; protects nothing.
        return (repeatable ?? Random.Shared).NextDouble();
#pragma warning restore CA5394
    }

    /// <summary>So many bytes, as hexadecimal digits in lower case.</summary>
    public static string NextHex(int bytes)
    {
        Span<byte> chosen = stackalloc byte[bytes];
        if (repeatable is { } source)
        {
#pragma warning disable CA5394 // Never in production.
            source.NextBytes(chosen);
#pragma warning restore CA5394
        }
        else
        {
            RandomNumberGenerator.Fill(chosen);
        }

        return Convert.ToHexStringLower(chosen);
    }
}
