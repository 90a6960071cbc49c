using FlowPlatform.Consumers.Sharing;

namespace FlowPlatform.Consumers;

/// <summary>A partition that a consumer reads at present.</summary>
internal sealed record Attachment(PartitionCursor Cursor, PartitionFeed Feed, LeaseHold Hold)
{
    private readonly TaskCompletionSource gone = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Nothing of it is in a transaction, and nothing will be.</summary>
    public void Go() => gone.TrySetResult();

    /// <summary>Completes after <see cref="Go"/>, where it was awaited: the source itself would go on in the thread pool if it is waited for together with others.</summary>
    public async Task WhenGoneAsync() => await gone.Task;
}
