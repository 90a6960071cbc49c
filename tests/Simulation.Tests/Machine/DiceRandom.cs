namespace FlowPlatform.Simulation;

/// <summary>What the platform itself leaves to chance, from a seed.</summary>
internal sealed class DiceRandom(Dice dice) : Random
{
    public override double NextDouble() => dice.Next(1 << 30) / (double)(1 << 30);

    public override int Next(int maxValue) => dice.Next(maxValue);

    public override void NextBytes(Span<byte> buffer)
    {
        foreach (ref var one in buffer)
        {
            one = (byte)dice.Next(256);
        }
    }
}
