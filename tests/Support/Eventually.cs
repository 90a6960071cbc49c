namespace FlowPlatform.Tests.Support;

/// <summary>Waits for a named condition with a limit.</summary>
internal static class Eventually
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    public static Task ThatAsync(string condition, Func<bool> holds) => ThatAsync(condition, () => Task.FromResult(holds()));

    public static async Task ThatAsync(string condition, Func<Task<bool>> holds)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(10));
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        limit.CancelAfter(Limit);
        try
        {
            while (!await holds())
            {
                await timer.WaitForNextTickAsync(limit.Token);
            }
        }
        catch (OperationCanceledException) when (!TestContext.Current.CancellationToken.IsCancellationRequested)
        {
            throw new TimeoutException($"Not within {Limit.TotalSeconds:N0} s: {condition}.");
        }
    }
}
