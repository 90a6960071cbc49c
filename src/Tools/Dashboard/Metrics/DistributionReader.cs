using OpenTelemetry.Proto.Metrics.V1;

namespace FlowPlatform.Dashboard.Metrics;

/// <summary>Reads the distributions of OTLP's points; null if one makes no sense.</summary>
internal static class DistributionReader
{
    /// <summary>SDKs have at most 160 of an exponential histogram, and as many bounds as somebody has written down.</summary>
    private const int MaxBuckets = 2_048;

    private const int MinScale = -10;
    private const int MaxScale = 20;

    public static Distribution? Read(HistogramDataPoint point)
    {
        var (min, max) = (point.HasMin ? point.Min : double.NaN, point.HasMax ? point.Max : double.NaN);
        if (point.BucketCounts.Count == 0 && point.ExplicitBounds.Count == 0)
        {
            return new Distribution([], [Count(point.Count)], min, max);
        }

        double[] bounds = [.. point.ExplicitBounds];
        return point.BucketCounts.Count == bounds.Length + 1 && bounds.Length <= MaxBuckets && IsAscending(bounds)
            ? new Distribution(bounds, [.. point.BucketCounts.Select(Count)], min, max)
            : null;
    }

    public static Distribution? Read(ExponentialHistogramDataPoint point)
    {
        var positive = point.Positive?.BucketCounts.Count ?? 0;
        var negative = point.Negative?.BucketCounts.Count ?? 0;
        if (point.Scale is < MinScale or > MaxScale || positive + negative > MaxBuckets)
        {
            return null;
        }

        // Negative values mirrored; then what is zero, or near it; then positive values; then nothing, but the last bucket has no bound.
        List<double> bounds = [];
        List<long> counts = [];
        if (negative > 0)
        {
            counts.Add(0);
            bounds.Add(-Bound(point.Negative!.Offset + negative, point.Scale));
            for (var i = negative - 1; i >= 0; i--)
            {
                counts.Add(Count(point.Negative.BucketCounts[i]));
                bounds.Add(-Bound(point.Negative.Offset + i, point.Scale));
            }
        }

        counts.Add(Count(point.ZeroCount));
        bounds.Add(positive > 0 ? Bound(point.Positive!.Offset, point.Scale) : Math.Max(point.ZeroThreshold, double.Epsilon));
        for (var i = 0; i < positive; i++)
        {
            counts.Add(Count(point.Positive!.BucketCounts[i]));
            bounds.Add(Bound(point.Positive.Offset + i + 1, point.Scale));
        }

        counts.Add(0);
        double[] ascending = [.. bounds];
        return IsAscending(ascending)
            ? new Distribution(ascending, [.. counts], point.HasMin ? point.Min : double.NaN, point.HasMax ? point.Max : double.NaN)
            : null;
    }

    /// <summary>The quantiles become bounds, with what lies between them as counts.</summary>
    public static Distribution? Read(SummaryDataPoint point)
    {
        var quantiles = point.QuantileValues.Where(static value => double.IsFinite(value.Value)).OrderBy(static value => value.Quantile).DistinctBy(static value => value.Value).Take(MaxBuckets).ToList();
        var (bounds, counts, below) = (new List<double>(), new List<long>(), 0L);
        foreach (var quantile in quantiles)
        {
            var upTo = (long)(Math.Clamp(quantile.Quantile, 0, 1) * Count(point.Count));
            bounds.Add(quantile.Value);
            counts.Add(upTo - below);
            below = upTo;
        }

        counts.Add(Math.Max(0, Count(point.Count) - below));
        double[] ascending = [.. bounds];
        return IsAscending(ascending) ? new Distribution(ascending, [.. counts]) : null;
    }

    /// <summary>2 to the power of index / 2^scale. Computed so, bounds that two scales share are equal to the last bit.</summary>
    private static double Bound(int index, int scale) => Math.Pow(2, index * Math.ScaleB(1, -scale));

    private static bool IsAscending(double[] bounds)
    {
        for (var i = 0; i < bounds.Length; i++)
        {
            if (!double.IsFinite(bounds[i]) || (i > 0 && bounds[i] <= bounds[i - 1]))
            {
                return false;
            }
        }

        return true;
    }

    public static long Count(ulong count) => count > long.MaxValue ? long.MaxValue : (long)count;
}
