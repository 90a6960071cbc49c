using System.Buffers.Binary;

namespace FlowPlatform.Dashboard.Metrics;

/// <summary>
/// What a histogram's point knows of the values: buckets with bounds. Explicit and exponential ones are the same here: bucket i holds what is above bound i-1, up to bound i.
/// </summary>
/// <param name="Bounds">Ascending; one less than counts, because the last bucket has no upper bound.</param>
/// <param name="Counts">Values in each bucket.</param>
/// <param name="Min">The least value; NaN if it isn't known.</param>
/// <param name="Max">The greatest value; NaN if it isn't known.</param>
internal sealed record Distribution(double[] Bounds, long[] Counts, double Min = double.NaN, double Max = double.NaN)
{
    private const int HeaderSize = sizeof(int) + (2 * sizeof(double));

    public long Count => Counts.Sum();

    /// <summary>Number of bounds, min and max; then the bounds and the counts. Little endian.</summary>
    public byte[] ToBytes()
    {
        var bytes = new byte[HeaderSize + (sizeof(double) * Bounds.Length) + (sizeof(long) * Counts.Length)];
        BinaryPrimitives.WriteInt32LittleEndian(bytes, Bounds.Length);
        BinaryPrimitives.WriteDoubleLittleEndian(bytes.AsSpan(4), Min);
        BinaryPrimitives.WriteDoubleLittleEndian(bytes.AsSpan(12), Max);
        var rest = bytes.AsSpan(HeaderSize);
        foreach (var bound in Bounds)
        {
            BinaryPrimitives.WriteDoubleLittleEndian(rest, bound);
            rest = rest[sizeof(double)..];
        }

        foreach (var count in Counts)
        {
            BinaryPrimitives.WriteInt64LittleEndian(rest, count);
            rest = rest[sizeof(long)..];
        }

        return bytes;
    }

    public static Distribution Read(ReadOnlySpan<byte> bytes)
    {
        var bounds = new double[BinaryPrimitives.ReadInt32LittleEndian(bytes)];
        var counts = new long[bounds.Length + 1];
        var (min, max) = (BinaryPrimitives.ReadDoubleLittleEndian(bytes[4..]), BinaryPrimitives.ReadDoubleLittleEndian(bytes[12..]));
        var rest = bytes[HeaderSize..];
        for (var i = 0; i < bounds.Length; i++)
        {
            bounds[i] = BinaryPrimitives.ReadDoubleLittleEndian(rest[(i * sizeof(double))..]);
        }

        rest = rest[(bounds.Length * sizeof(double))..];
        for (var i = 0; i < counts.Length; i++)
        {
            counts[i] = BinaryPrimitives.ReadInt64LittleEndian(rest[(i * sizeof(long))..]);
        }

        return new Distribution(bounds, counts, min, max);
    }

    /// <summary>What came since an earlier point of the same series; all of it if the series has begun again.</summary>
    public Distribution Since(Distribution earlier)
    {
        // Exponential buckets move and widen with the values: then both are brought to the same bounds.
        var (left, right) = Bounds.AsSpan().SequenceEqual(earlier.Bounds) ? (this, earlier) : Align(this, earlier);
        var counts = new long[left.Counts.Length];
        for (var i = 0; i < counts.Length; i++)
        {
            counts[i] = left.Counts[i] - right.Counts[i];
            if (counts[i] < 0)
            {
                return this;
            }
        }

        // The extremes are those of all time, and bound these values, too.
        return new Distribution(left.Bounds, counts, Min, Max);
    }

    /// <summary>Both together.</summary>
    public Distribution Plus(Distribution other)
    {
        var (left, right) = Bounds.AsSpan().SequenceEqual(other.Bounds) ? (this, other) : Align(this, other);
        return new Distribution(left.Bounds, [.. left.Counts.Zip(right.Counts, static (a, b) => a + b)], Least(Min, other.Min), Greatest(Max, other.Max));
    }

    /// <summary>The value that a share of all values does not exceed, interpolated within its bucket; NaN if there are no values.</summary>
    /// <param name="share">0 to 1.</param>
    public double Percentile(double share)
    {
        var total = Count;
        if (total == 0)
        {
            return double.NaN;
        }

        var rank = share * total;
        var below = 0L;
        for (var i = 0; i < Counts.Length; i++)
        {
            if (Counts[i] > 0 && below + Counts[i] >= rank)
            {
                return Clamp(Interpolate(i, (rank - below) / Counts[i]));
            }

            below += Counts[i];
        }

        return Clamp(Bounds.Length == 0 ? Max : Bounds[^1]);
    }

    private double Interpolate(int bucket, double share)
    {
        // The outermost buckets have only one bound: what is known of the extremes stands for the other.
        var upper = bucket < Bounds.Length ? Bounds[bucket] : double.IsNaN(Max) ? Last() : Math.Max(Max, Last());
        var lower = bucket > 0 ? Bounds[bucket - 1] : double.IsNaN(Min) ? Math.Min(0, upper) : Math.Min(Min, upper);
        return lower + ((upper - lower) * Math.Clamp(share, 0, 1));
    }

    private double Last() => Bounds.Length == 0 ? double.IsNaN(Min) ? 0 : Min : Bounds[^1];

    private double Clamp(double value) => double.IsNaN(Min) || double.IsNaN(Max) || Min > Max ? value : Math.Clamp(value, Min, Max);

    /// <summary>Only bounds that both have are kept; what is between two of them comes together. Exponential ones of two scales share every second, fourth, … bound.</summary>
    private static (Distribution Left, Distribution Right) Align(Distribution left, Distribution right)
    {
        // Outside of all values of one, its bounds are missing without loss: they separate nothing.
        var bounds = left.Bounds.Union(right.Bounds).Where(bound => left.Separates(bound) && right.Separates(bound)).Order().ToArray();
        return (left.With(bounds), right.With(bounds));
    }

    private bool Separates(double bound) => Array.BinarySearch(Bounds, bound) >= 0 || IsOutside(bound);

    private bool IsOutside(double bound)
    {
        var first = Array.FindIndex(Counts, static count => count > 0);
        var last = Array.FindLastIndex(Counts, static count => count > 0);
        return first < 0 || (first > 0 && bound <= Bounds[first - 1]) || (last < Bounds.Length && bound >= Bounds[last]);
    }

    private Distribution With(double[] bounds)
    {
        var counts = new long[bounds.Length + 1];
        for (var i = 0; i < Counts.Length; i++)
        {
            // Where a bucket's upper bound, or what is just below it, belongs.
            var upper = i < Bounds.Length ? Bounds[i] : double.PositiveInfinity;
            var at = Array.BinarySearch(bounds, upper);
            counts[at >= 0 ? at : ~at] += Counts[i];
        }

        return new Distribution(bounds, counts, Min, Max);
    }

    private static double Least(double a, double b) => double.IsNaN(a) ? b : double.IsNaN(b) ? a : Math.Min(a, b);

    private static double Greatest(double a, double b) => double.IsNaN(a) ? b : double.IsNaN(b) ? a : Math.Max(a, b);
}
