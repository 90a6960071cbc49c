using FlowPlatform.Log;

namespace FlowPlatform.Testing.Conforming;

/// <summary>Seeded orders in which events arrive, and how they are cut into batches.</summary>
internal static class Arrival
{
    /// <summary>One of the orders that keep the order of each queue.</summary>
    /// <param name="records">All records, queue by queue or mixed.</param>
    /// <param name="queue">What has an order: its partition, or its key.</param>
    /// <param name="seed">Which order.</param>
    public static List<LogRecord> Shuffle<TQueue>(IEnumerable<LogRecord> records, Func<LogRecord, TQueue> queue, int seed)
        where TQueue : notnull
    {
        var random = new Random(seed);
        var rest = records.GroupBy(queue).Select(group => new Queue<LogRecord>(group)).ToList();
        var order = new List<LogRecord>();
        while (rest.Count > 0)
        {
            var from = rest[Draw(random, 0, rest.Count)];
            order.Add(from.Dequeue());
            if (from.Count == 0)
            {
                rest.Remove(from);
            }
        }

        return order;
    }

    /// <summary>Cuts an order into batches of 1 to <paramref name="largest"/>.</summary>
    public static IEnumerable<IReadOnlyList<LogRecord>> Cut(IReadOnlyList<LogRecord> order, int largest, int seed)
    {
        var random = new Random(seed);
        for (var start = 0; start < order.Count;)
        {
            var end = Math.Min(order.Count, start + Draw(random, 1, largest + 1));
            yield return [.. order.Skip(start).Take(end - start)];
            start = end;
        }
    }

    /// <summary>At most <paramref name="most"/> of the indices below <paramref name="count"/>, ascending, the first and the last among them.</summary>
    public static IReadOnlyList<int> Choose(int count, int most, int seed)
    {
        if (count <= most)
        {
            return [.. Enumerable.Range(0, count)];
        }

        var random = new Random(seed);
        var chosen = new SortedSet<int> { 0, count - 1 };
        while (chosen.Count < most)
        {
            chosen.Add(Draw(random, 0, count));
        }

        return [.. chosen];
    }

#pragma warning disable CA5394 // Chooses an order; protects nothing.
    private static int Draw(Random random, int from, int below) => random.Next(from, below);
#pragma warning restore CA5394
}
