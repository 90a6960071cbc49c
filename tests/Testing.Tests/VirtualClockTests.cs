namespace FlowPlatform.Testing.Tests;

public sealed class VirtualClockTests
{
    private static readonly DateTimeOffset Start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private readonly VirtualClock clock = new(Start);

    [Fact]
    public async Task The_clock_stands_still_while_a_wait_ends_in_real_time()
    {
        await WaitAsync(TimeSpan.FromMilliseconds(1));
        clock.GetUtcNow().ShouldBe(Start);
    }

    [Fact]
    public async Task A_wait_of_weeks_ends_when_the_clock_is_put_forward()
    {
        var wait = WaitAsync(TimeSpan.FromDays(40));
        clock.Advance(TimeSpan.FromDays(39));
        wait.IsCompleted.ShouldBeFalse();
        clock.Advance(TimeSpan.FromDays(1));
        await wait;
        clock.GetUtcNow().ShouldBe(Start.AddDays(40));
        clock.GetElapsedTime(Start.UtcTicks).ShouldBe(TimeSpan.FromDays(40));
    }

    [Fact]
    public void Waits_end_in_their_order_each_at_its_own_time()
    {
        List<(string Name, DateTimeOffset At)> ended = [];
        using var second = clock.CreateTimer(_ => ended.Add(("second", clock.GetUtcNow())), null, TimeSpan.FromHours(2), Timeout.InfiniteTimeSpan);
        using var first = clock.CreateTimer(_ => ended.Add(("first", clock.GetUtcNow())), null, TimeSpan.FromHours(1), Timeout.InfiniteTimeSpan);
        using var every = clock.CreateTimer(_ => ended.Add(("every", clock.GetUtcNow())), null, TimeSpan.FromMinutes(50), TimeSpan.FromMinutes(50));
        clock.Advance(TimeSpan.FromHours(2));
        ended.ShouldBe([("every", Start.AddMinutes(50)), ("first", Start.AddHours(1)), ("every", Start.AddMinutes(100)), ("second", Start.AddHours(2))]);
    }

    [Fact]
    public void A_timer_that_was_changed_or_disposed_does_not_fire()
    {
        var fired = 0;
        using var changed = clock.CreateTimer(_ => fired++, null, TimeSpan.FromHours(1), Timeout.InfiniteTimeSpan);
        changed.Change(TimeSpan.FromHours(3), Timeout.InfiniteTimeSpan).ShouldBeTrue();
        var disposed = clock.CreateTimer(_ => fired++, null, TimeSpan.FromHours(1), Timeout.InfiniteTimeSpan);
        disposed.Dispose();
        disposed.Change(TimeSpan.FromHours(1), Timeout.InfiniteTimeSpan).ShouldBeFalse();
        clock.Advance(TimeSpan.FromHours(2));
        fired.ShouldBe(0);
        clock.Advance(TimeSpan.FromHours(1));
        fired.ShouldBe(1);
    }

    [Fact]
    public async Task A_periodic_wait_goes_on_in_real_time()
    {
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(1), clock);
        for (var tick = 0; tick < 3; tick++)
        {
            (await timer.WaitForNextTickAsync(TestContext.Current.CancellationToken)).ShouldBeTrue();
        }
    }

    [Fact]
    public void Time_does_not_run_backwards() => Should.Throw<ArgumentOutOfRangeException>(() => clock.Advance(TimeSpan.FromTicks(-1)));

    private async Task WaitAsync(TimeSpan time)
    {
        var end = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var timer = clock.CreateTimer(_ => end.SetResult(), null, time, Timeout.InfiniteTimeSpan);
        await end.Task.WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);
    }
}
