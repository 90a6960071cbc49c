namespace FlowPlatform;

/// <summary>How waits are ended.</summary>
internal static class Ending
{
    /// <summary>
    /// Cancels, and lets who waited go on in the thread pool: inside this call it could wait for what the caller is about to do (two replicas in one process did, for ever). A simulation has one
    /// thread, and nothing may leave it.
    /// </summary>
    public static Task EndAsync(this CancellationTokenSource source)
    {
        if (!Chance.IsRepeated)
        {
            return source.CancelAsync();
        }

        source.Cancel();
        return Task.CompletedTask;
    }
}
