namespace Simulator.Dataset;

/// <summary>Gives equal strings once: 540,000 lines hold some 30,000 different values. Bounded; beyond the bound strings are simply new.</summary>
internal sealed class StringPool
{
    private const int Limit = 100_000;

    private readonly HashSet<string> strings = new(StringComparer.Ordinal);
    private readonly HashSet<string>.AlternateLookup<ReadOnlySpan<char>> lookup;

    public StringPool() => lookup = strings.GetAlternateLookup<ReadOnlySpan<char>>();

    public string Get(ReadOnlySpan<char> text)
    {
        if (lookup.TryGetValue(text, out var known))
        {
            return known;
        }

        var created = text.ToString();
        if (strings.Count < Limit)
        {
            strings.Add(created);
        }

        return created;
    }
}
