using FlowPlatform.Log;

namespace FlowPlatform.Storage.EmbeddedLog;

/// <summary>One call of AppendAsync on its way into the file.</summary>
/// <param name="writer">Whose it is.</param>
/// <param name="events">The events.</param>
/// <param name="chunks">The events as they will be stored, if the log has none of them yet.</param>
internal sealed class AppendRequest(EmbeddedPartitionWriter writer, IReadOnlyList<EventEnvelope> events, IReadOnlyList<NewChunk> chunks)
{
    private readonly TaskCompletionSource completion = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public EmbeddedPartitionWriter Writer => writer;

    public IReadOnlyList<EventEnvelope> Events => events;

    public IReadOnlyList<NewChunk> Chunks => chunks;

    public long Bytes { get; } = chunks.Sum(static chunk => (long)chunk.Data.Length);

    /// <summary>Completes when everything is stored or dropped.</summary>
    public Task Task => completion.Task;

    /// <summary>Where the partition ends with it; set before it is committed.</summary>
    public long EndsAt { get; set; }

    public void Confirm()
    {
        writer.Confirmed(EndsAt);
        completion.TrySetResult();
    }

    /// <summary>What this writer appends later must not be stored without this (rule P4): the writer ends.</summary>
    public void Fail(Exception reason)
    {
        writer.Die(reason);
        completion.TrySetException(reason);

        // Its caller may have been cancelled and gone.
        _ = completion.Task.Exception;
    }
}
