using FlowPlatform.Consumers.Sharing;

namespace FlowPlatform.Consumers;

/// <summary>A partition that a consumer reads at present.</summary>
internal sealed record Attachment(PartitionCursor Cursor, PartitionFeed Feed, LeaseHold Hold)
{
    /// <summary>Completes when nothing of it is in a transaction, and nothing will be.</summary>
    public TaskCompletionSource Gone { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
}
