namespace FlowPlatform.Orchestration.Supervision;

/// <summary>What somebody else runs: it ends, for us, when we stop.</summary>
internal sealed class Elsewhere : ISupervised
{
    private readonly TaskCompletionSource<int> left = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public Task<int> Exited => left.Task;

    public Task StopAsync(TimeSpan grace)
    {
        left.TrySetResult(0);
        return Task.CompletedTask;
    }

    public void Kill() => left.TrySetResult(0);
}
