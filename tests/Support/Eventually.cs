namespace FlowPlatform.Tests.Support;

/// <summary>Waits for a named condition with a limit.</summary>
internal static class Eventually
{
    private static readonly TimeSpan DefaultLimit = TimeSpan.FromSeconds(30);

    public static Task ThatAsync(string condition, Func<bool> holds, TimeSpan? limit = null) => ThatAsync(condition, () => Task.FromResult(holds()), limit);

    public static async Task ThatAsync(string condition, Func<Task<bool>> holds, TimeSpan? limit = null)
    {
        var time = limit ?? DefaultLimit;
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(10));
        using var cancellation = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        cancellation.CancelAfter(time);
        try
        {
            while (!await holds())
            {
                await timer.WaitForNextTickAsync(cancellation.Token);
            }
        }
        catch (OperationCanceledException) when (!TestContext.Current.CancellationToken.IsCancellationRequested)
        {
            throw new TimeoutException($"Not within {time.TotalSeconds:N0} s: {condition}.");
        }
    }
}
