namespace FlowPlatform.Dashboard.Storage;

/// <summary>Times as OTLP has them: Unix nanoseconds, here signed, which reaches to the year 2262.</summary>
internal static class UnixNanos
{
    private const long PerTick = 100;

    public static long From(DateTimeOffset time)
    {
        var ticks = time.UtcTicks - DateTimeOffset.UnixEpoch.Ticks;
        return ticks > long.MaxValue / PerTick ? long.MaxValue : ticks * PerTick;
    }

    public static long From(TimeSpan duration) => duration.Ticks > long.MaxValue / PerTick ? long.MaxValue : duration.Ticks * PerTick;

    /// <summary>A time of OTLP; what is out of range is the farthest time.</summary>
    public static long From(ulong nanos) => nanos > long.MaxValue ? long.MaxValue : (long)nanos;

    public static DateTimeOffset ToTime(long nanos) => DateTimeOffset.UnixEpoch.AddTicks(nanos / PerTick);

    public static TimeSpan ToDuration(long nanos) => TimeSpan.FromTicks(nanos / PerTick);
}
