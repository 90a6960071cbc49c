namespace Simulator.Shop;

/// <summary>A small random generator whose sequence the runtime can't change: SplitMix64 over a seed and any number of further keys.</summary>
internal struct SeededRandom
{
    private ulong state;

    public SeededRandom(long seed, params ReadOnlySpan<long> keys)
    {
        state = Mix((ulong)seed + 0x9E3779B97F4A7C15UL);
        foreach (var key in keys)
        {
            state = Mix(state ^ Mix((ulong)key + 0x9E3779B97F4A7C15UL));
        }
    }

    public ulong NextBits() => Mix(state += 0x9E3779B97F4A7C15UL);

    /// <summary>0 ≤ value &lt; 1.</summary>
    public double Next() => (NextBits() >> 11) * (1.0 / (1UL << 53));

    /// <summary>0 ≤ value &lt; <paramref name="limit"/>.</summary>
    public int Next(int limit) => (int)(Next() * limit);

    public bool Chance(double probability) => Next() < probability;

    /// <summary>Standard normal (Box–Muller).</summary>
    public double NextNormal() => Math.Sqrt(-2 * Math.Log(1 - Next())) * Math.Cos(2 * Math.PI * Next());

    /// <summary>Log-normal with the given median.</summary>
    public double NextLogNormal(double median, double sigma) => median * Math.Exp(sigma * NextNormal());

    private static ulong Mix(ulong z)
    {
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9UL;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EBUL;
        return z ^ (z >> 31);
    }
}
