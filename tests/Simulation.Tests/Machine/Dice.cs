namespace FlowPlatform.Simulation;

/// <summary>Chance from a seed, the same on every machine and version of the runtime (SplitMix64). Not safe for concurrent use.</summary>
internal sealed class Dice(ulong seed)
{
    private ulong state = seed;

    public static ulong Mix(ulong value)
    {
        value = (value ^ (value >> 30)) * 0xbf58476d1ce4e5b9;
        value = (value ^ (value >> 27)) * 0x94d049bb133111eb;
        return value ^ (value >> 31);
    }

    /// <summary>A number from 0 to <paramref name="below"/> - 1.</summary>
    public int Next(int below) => (int)(Mix(state += 0x9e3779b97f4a7c15) % (ulong)below);

    /// <summary>A number from <paramref name="from"/> to <paramref name="to"/>, both included.</summary>
    public int Between(int from, int to) => from + Next(to - from + 1);

    public bool OneIn(int times) => Next(times) == 0;

    public T Pick<T>(IReadOnlyList<T> among) => among[Next(among.Count)];
}
