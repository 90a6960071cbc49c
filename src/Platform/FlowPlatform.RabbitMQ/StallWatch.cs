using FlowPlatform.Log;

namespace FlowPlatform.RabbitMQ;

/// <summary>
/// Tells a reader that waits at the end of its stream from one that the broker has forgotten: the second isn't sent what was there a whole wait ago. Not safe for concurrent use.
/// </summary>
/// <param name="partition">What is read.</param>
/// <param name="from">Where the reader began.</param>
/// <param name="readLastOffset">Offset of the newest record, as the leader knows it; -1 if there is none.</param>
internal sealed class StallWatch(PartitionId partition, LogPosition from, Func<CancellationToken, Task<long>> readLastOffset)
{
    // What is at or below it was never asked for. For readers of what comes next, it is known at the first look.
    private long? floor = from.Kind switch
    {
        LogPositionKind.First or LogPositionKind.Last => -1,
        LogPositionKind.Offset => from.Value - 1,
        _ => null,
    };

    private long seen = -1;

    /// <summary>To be called when nothing could come: the next look is the first again.</summary>
    public void Forget() => seen = -1;

    /// <summary>To be called after each wait in which nothing came.</summary>
    /// <param name="nextOffset">Behind the newest record that came.</param>
    /// <param name="cancellationToken">Stops the look.</param>
    /// <returns>What to tell the reader's user if the last look saw a record that has not come since; else null.</returns>
    public async Task<EventLogUnavailableException?> LookAsync(long nextOffset, CancellationToken cancellationToken)
    {
        long last;
        try
        {
            last = await readLastOffset(cancellationToken);
        }
        catch (Exception e) when (e is EventLogUnavailableException or LogCorruptException)
        {
            // No evidence of anything; the reader's own connection tells what becomes of it.
            return null;
        }

        floor ??= last;
        var missing = seen;
        seen = last;
        return missing > floor && missing >= nextOffset
            ? new EventLogUnavailableException($"{partition}: the broker has offset {missing} and sends nothing from {nextOffset} on. The reader is given up.")
            : null;
    }
}
