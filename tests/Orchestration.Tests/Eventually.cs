namespace FlowPlatform.Orchestration.Tests;

internal static class Eventually
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(20);

    /// <summary>Waits until the named condition holds.</summary>
    public static Task HoldsAsync(string condition, Func<bool> holds, TimeSpan? limit = null) =>
        HoldsAsync(condition, () => Task.FromResult(holds()), limit);

    public static async Task HoldsAsync(string condition, Func<Task<bool>> holds, TimeSpan? limit = null)
    {
        var time = TimeProvider.System;
        var started = time.GetTimestamp();
        using var timer = new PeriodicTimer(Interval, time);
        while (!await holds())
        {
            if (time.GetElapsedTime(started) > (limit ?? TimeSpan.FromSeconds(60)))
            {
                throw new TimeoutException($"Never came true: {condition}");
            }
            await timer.WaitForNextTickAsync(TestContext.Current.CancellationToken);
        }
    }
}
