using System.Numerics;
using FlowPlatform.Dashboard.Storage;
using Google.Protobuf;

namespace FlowPlatform.Dashboard.Traces;

/// <summary>How many durations there were, by size: 16 buckets for each doubling, so that the middle of one is at most 3.2 % off. Not safe for concurrent use.</summary>
internal sealed class DurationCounts
{
    private const int SubBits = 4;
    private const int Parts = 1 << SubBits;
    private readonly SortedDictionary<int, long> counts = [];

    public long Count { get; private set; }

    /// <summary>The bucket of a duration.</summary>
    public static int BucketOf(long nanos)
    {
        if (nanos < Parts)
        {
            return (int)Math.Max(0, nanos);
        }

        var exponent = BitOperations.Log2((ulong)nanos);
        return ((exponent - SubBits + 1) << SubBits) + (int)((nanos >> (exponent - SubBits)) & (Parts - 1));
    }

    /// <summary>Adds to a bucket; a negative number takes away.</summary>
    public void Add(int bucket, long count)
    {
        var sum = counts.GetValueOrDefault(bucket) + count;
        _ = sum == 0 ? counts.Remove(bucket) : (counts[bucket] = sum) != 0;
        Count += count;
    }

    public void Add(DurationCounts other)
    {
        foreach (var (bucket, count) in other.counts)
        {
            Add(bucket, count);
        }
    }

    /// <summary>Adds what <see cref="ToBytes"/> has written.</summary>
    public void Add(ReadOnlySpan<byte> written)
    {
        using var input = new CodedInputStream(written.ToArray());
        while (!input.IsAtEnd)
        {
            Add(input.ReadInt32(), input.ReadInt64());
        }
    }

    /// <summary>Buckets that have something, each with its number.</summary>
    public byte[] ToBytes()
    {
        using var bytes = new MemoryStream();
        using (var output = new CodedOutputStream(bytes))
        {
            foreach (var (bucket, count) in counts)
            {
                output.WriteInt32(bucket);
                output.WriteInt64(count);
            }
        }

        return bytes.ToArray();
    }

    /// <summary>This part of them, 0 to 1, took no longer.</summary>
    public TimeSpan At(double share)
    {
        var left = Math.Max(1, (long)Math.Ceiling(share * Count));
        foreach (var (bucket, count) in counts)
        {
            left -= count;
            if (left <= 0)
            {
                return UnixNanos.ToDuration(Middle(bucket));
            }
        }

        return TimeSpan.Zero;
    }

    private static long Middle(int bucket)
    {
        if (bucket < Parts)
        {
            return bucket;
        }

        var shift = (bucket >> SubBits) - 1;
        return ((long)(Parts + (bucket & (Parts - 1))) << shift) + ((1L << shift) / 2);
    }
}
