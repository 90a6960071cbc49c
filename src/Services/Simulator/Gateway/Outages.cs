using System.Security.Cryptography;
using System.Text;
using Simulator.Shop;

namespace Simulator.Gateway;

/// <summary>How an attempt fails.</summary>
internal enum Outage
{
    /// <summary>503, and nothing is booked.</summary>
    Refused,

    /// <summary>The connection breaks, and nothing is booked.</summary>
    BrokenBefore,

    /// <summary>It is booked, and the connection breaks before the answer: the caller can't know.</summary>
    BrokenAfter,
}

/// <summary>
/// Which requests fail and how: decided by the seed and the idempotency key alone, so that every run has the same outages.
/// One key in eight fails at least once, none more than twice.
/// </summary>
/// <param name="seed">Same seed, same outages.</param>
/// <param name="declines">True: 2 % of charges are declined for good.</param>
internal sealed class Outages(long seed, bool declines)
{
    /// <summary>The outages of a key, in order; after them it works.</summary>
    public IReadOnlyList<Outage> Of(string key)
    {
        var random = Start(key, 0);
        var count = random.Next() switch { < 0.03 => 2, < 0.125 => 1, _ => 0 };
        var outages = new Outage[count];
        for (var i = 0; i < count; i++)
        {
            outages[i] = (Outage)random.Next(3);
        }

        return outages;
    }

    /// <summary>Why the card of this charge is declined for good; null if it isn't.</summary>
    public string? DeclineOf(string key)
    {
        var random = Start(key, 1);
        return !declines || !random.Chance(0.02) ? null : random.Chance(0.5) ? "insufficient funds" : "card blocked";
    }

    private SeededRandom Start(string key, long purpose) => new(seed, purpose, HashOf(key));

    /// <summary>A hash that is the same in every process.</summary>
    public static long HashOf(string key) => BitConverter.ToInt64(SHA256.HashData(Encoding.UTF8.GetBytes(key)));
}
