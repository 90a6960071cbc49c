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
        while (!await holds())
        {
            if (time.GetElapsedTime(started) > (limit ?? TimeSpan.FromSeconds(60)))
            {
                throw new TimeoutException($"Never came true: {condition}");
            }
            await Task.Delay(Interval, time, TestContext.Current.CancellationToken);
        }
    }
}
