namespace FlowPlatform.Simulation;

/// <summary>The machine's time.</summary>
internal sealed class SimulatedClock(Machine machine) : TimeProvider
{
    private static readonly DateTimeOffset Start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    /// <summary>Since the start.</summary>
    public long Ticks { get; set; }

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override TimeZoneInfo LocalTimeZone => TimeZoneInfo.Utc;

    public override DateTimeOffset GetUtcNow() => Start + TimeSpan.FromTicks(Ticks);

    public override long GetTimestamp() => Ticks;

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = new SimulatedTimer(machine, Lane.Running ?? machine.Network, callback, state);
        timer.Change(dueTime, period);
        return timer;
    }
}

/// <summary>A timer of the simulated clock; its callback runs on the lane that made it.</summary>
internal sealed class SimulatedTimer(Machine machine, Lane lane, TimerCallback callback, object? state) : ITimer
{
    private TimeSpan period = Timeout.InfiniteTimeSpan;

    public Lane Lane => lane;

    public long Due { get; set; }

    public long Round { get; set; }

    /// <summary>Which arming counts: the newest; 0 if none does.</summary>
    public long ArmedAs { get; set; }

    public bool Change(TimeSpan dueTime, TimeSpan period)
    {
        this.period = period;
        ArmedAs = 0;
        Round++;
        if (dueTime != Timeout.InfiniteTimeSpan)
        {
            machine.Arm(this, dueTime.Ticks);
        }

        return true;
    }

    public void Fire()
    {
        var round = Round;
        ArmedAs = 0;
        lane.Post(() =>
        {
            if (round == Round)
            {
                callback(state);
            }
        });
        if (period > TimeSpan.Zero)
        {
            machine.Arm(this, period.Ticks);
        }
    }

    public void Dispose()
    {
        ArmedAs = 0;
        Round++;
    }

    public ValueTask DisposeAsync()
    {
        Dispose();
        return ValueTask.CompletedTask;
    }
}
