namespace FlowPlatform.RabbitMQ.Tests;

/// <summary>A clock that stands still until the test moves it. Safe for concurrent use.</summary>
internal sealed class ManualTime : TimeProvider
{
    private static readonly TimeSpan Step = TimeSpan.FromMilliseconds(500);
    private readonly Lock gate = new();
    private readonly List<ManualTimer> timers = [];

    // Not at its beginning: some treat a timestamp of 0 as none.
    private TimeSpan elapsed = TimeSpan.FromHours(1);

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override DateTimeOffset GetUtcNow() => DateTimeOffset.UnixEpoch + Elapsed;

    public override long GetTimestamp() => Elapsed.Ticks;

    private TimeSpan Elapsed
    {
        get
        {
            lock (gate)
            {
                return elapsed;
            }
        }
    }

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = new ManualTimer(this, callback, state);
        timer.Change(dueTime, period);
        return timer;
    }

    /// <summary>Moves the clock and calls what is due by then.</summary>
    public void Advance(TimeSpan by)
    {
        List<ManualTimer> due;
        lock (gate)
        {
            elapsed += by;
            due = [.. timers.Where(timer => timer.IsDue(elapsed))];
        }

        due.ForEach(timer => timer.Fire());
    }

    /// <summary>Completes when so much of this clock's time has passed, or is cancelled.</summary>
    public async Task PassesAsync(TimeSpan time, CancellationToken cancellationToken)
    {
        var passed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var timer = CreateTimer(_ => passed.TrySetResult(), null, time, Timeout.InfiniteTimeSpan);
        await using var cancelled = cancellationToken.Register(() => passed.TrySetCanceled(cancellationToken));
        await passed.Task;
    }

    /// <summary>Lets time pass in small steps until something has happened, and returns what it did. What never happens fails after 30 s of real time.</summary>
    public async Task<T> PassUntilAsync<T>(Task<T> happening)
    {
        await PassUntilAsync((Task)happening);
        return await happening;
    }

    /// <param name="happening">What is waited for.</param>
    /// <param name="step">How much passes in a millisecond of real time: 500 ms, or less where something real, such as a frame on its way, must keep up with this clock.</param>
    public async Task PassUntilAsync(Task happening, TimeSpan? step = null)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        using var real = new PeriodicTimer(TimeSpan.FromMilliseconds(1));
        while (!happening.IsCompleted)
        {
            Advance(step ?? Step);
            await real.WaitForNextTickAsync(limit.Token);
        }

        await happening;
    }

    private sealed class ManualTimer(ManualTime time, TimerCallback callback, object? state) : ITimer
    {
        private TimeSpan? due;
        private TimeSpan period;

        public bool IsDue(TimeSpan now) => due <= now;

        public bool Change(TimeSpan dueTime, TimeSpan newPeriod)
        {
            lock (time.gate)
            {
                time.timers.Remove(this);
                due = dueTime == Timeout.InfiniteTimeSpan ? null : time.elapsed + dueTime;
                period = newPeriod;
                if (due is not null)
                {
                    time.timers.Add(this);
                }
            }

            return true;
        }

        public void Fire()
        {
            lock (time.gate)
            {
                if (due is null)
                {
                    return;
                }

                time.timers.Remove(this);
                due = period > TimeSpan.Zero ? time.elapsed + period : null;
                if (due is not null)
                {
                    time.timers.Add(this);
                }
            }

            callback(state);
        }

        public void Dispose() => Change(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
