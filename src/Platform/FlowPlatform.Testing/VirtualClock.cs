namespace FlowPlatform.Testing;

/// <summary>
/// Time as the test tells it. What reads the clock sees it stand still until <see cref="Advance"/>. What waits on it (back-off, retention, timers of the service's own) goes on when the clock has
/// reached the end of the wait, or once the wait has really taken that long, whichever is first: advancing spares a test the waiting, and not advancing never hangs it. Safe for concurrent use.
/// </summary>
public sealed class VirtualClock : TimeProvider
{
    private readonly Lock gate = new();
    private readonly HashSet<Timer> armed = [];
    private DateTimeOffset now;

    /// <summary>Creates a clock.</summary>
    /// <param name="start">The time that it shows at first; made UTC.</param>
    public VirtualClock(DateTimeOffset start) => now = start.ToUniversalTime();

    /// <inheritdoc />
    public override TimeZoneInfo LocalTimeZone => TimeZoneInfo.Utc;

    /// <inheritdoc />
    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    /// <inheritdoc />
    public override DateTimeOffset GetUtcNow()
    {
        lock (gate)
        {
            return now;
        }
    }

    /// <inheritdoc />
    public override long GetTimestamp() => GetUtcNow().UtcTicks;

    /// <summary>Puts the clock forward. Waits that end on the way end in their order, each at its own time; what they make go on runs by itself, and may not have finished when this returns.</summary>
    /// <param name="by">How far; not negative.</param>
    /// <exception cref="ArgumentOutOfRangeException">Time does not run backwards.</exception>
    public void Advance(TimeSpan by)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(by, TimeSpan.Zero);
        var target = GetUtcNow() + by;
        while (NextDue(target) is { } due)
        {
            due.Timer.Fire(due.Round);
        }

        lock (gate)
        {
            now = now < target ? target : now;
        }
    }

    /// <inheritdoc />
    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        ArgumentNullException.ThrowIfNull(callback);
        var timer = new Timer(this, callback, state);
        timer.Change(dueTime, period);
        return timer;
    }

    private (Timer Timer, long Round)? NextDue(DateTimeOffset target)
    {
        lock (gate)
        {
            if (armed.Where(timer => timer.Due <= target).MinBy(timer => timer.Due) is not { } next)
            {
                return null;
            }

            now = next.Due > now ? next.Due : now;
            return (next, next.Round);
        }
    }

    /// <summary>A wait, with an end in virtual time and a system timer for the real one. A round is one arming: it fires once, whoever comes first.</summary>
    private sealed class Timer : ITimer
    {
        /// <summary>System timers are not more exact.</summary>
        private static readonly TimeSpan Tolerance = TimeSpan.FromMilliseconds(20);
        private readonly VirtualClock clock;
        private readonly TimerCallback callback;
        private readonly object? state;
        private readonly ExecutionContext? context = ExecutionContext.Capture();
        private readonly ITimer real;
        private TimeSpan period;
        private TimeSpan wait;
        private long armedAt;
        private bool disposed;

        public Timer(VirtualClock clock, TimerCallback callback, object? state)
        {
            this.clock = clock;
            this.callback = callback;
            this.state = state;
            real = System.CreateTimer(static timer => ((Timer)timer!).FireReal(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        }

        public DateTimeOffset Due { get; private set; }

        public long Round { get; private set; }

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            lock (clock.gate)
            {
                if (disposed)
                {
                    return false;
                }

                this.period = period;
                Arm(dueTime);
                return true;
            }
        }

        public void Fire(long round)
        {
            lock (clock.gate)
            {
                if (disposed || round != Round || !clock.armed.Contains(this))
                {
                    return;
                }

                Arm(period > TimeSpan.Zero ? period : Timeout.InfiniteTimeSpan);
            }

            if (context is null)
            {
                callback(state);
            }
            else
            {
                ExecutionContext.Run(context, static timer => ((Timer)timer!).callback(((Timer)timer).state), this);
            }
        }

        public void Dispose()
        {
            lock (clock.gate)
            {
                disposed = true;
                clock.armed.Remove(this);
            }

            real.Dispose();
        }

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }

        private void FireReal()
        {
            long round;
            lock (clock.gate)
            {
                // A callback that was on its way while Advance fired and armed anew speaks of the round before.
                if (System.GetElapsedTime(armedAt) < wait - Tolerance)
                {
                    return;
                }

                round = Round;
            }

            Fire(round);
        }

        private void Arm(TimeSpan dueTime)
        {
            Round++;
            armedAt = System.GetTimestamp();
            wait = dueTime;
            real.Change(dueTime, Timeout.InfiniteTimeSpan);
            if (dueTime == Timeout.InfiniteTimeSpan)
            {
                clock.armed.Remove(this);
                return;
            }

            Due = clock.now + dueTime;
            clock.armed.Add(this);
        }
    }
}
