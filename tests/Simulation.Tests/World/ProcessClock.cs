namespace FlowPlatform.Simulation;

/// <summary>A process's clock: the machine's; its steady time may stand still while the machine that it runs on is suspended, so that it doesn't know how long it slept.</summary>
internal sealed class ProcessClock(SimulatedClock clock) : TimeProvider
{
    private long lost;

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override TimeZoneInfo LocalTimeZone => TimeZoneInfo.Utc;

    public override DateTimeOffset GetUtcNow() => clock.GetUtcNow();

    public override long GetTimestamp() => clock.Ticks - lost;

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) => clock.CreateTimer(callback, state, dueTime, period);

    /// <summary>It stood still so long.</summary>
    public void Lose(long ticks) => lost += ticks;
}
