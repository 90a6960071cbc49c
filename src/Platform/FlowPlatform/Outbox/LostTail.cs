using FlowPlatform.Consumers;
using FlowPlatform.Events;
using FlowPlatform.Log;
using FlowPlatform.Stores;

namespace FlowPlatform.Outbox;

/// <summary>A tail that the log had confirmed and lost: what the outbox still has of it is published again, what was trimmed is announced as a gap (rules P4, P5).</summary>
internal static class LostTail
{
    /// <summary>Notes the loss, and announces what can't be published again.</summary>
    /// <returns>The sequence after which to publish.</returns>
    public static async Task<long> BeginAsync(IPartitionWriter writer, IOutbox outbox, OutboxStanding standing, TimeProvider clock, CancellationToken cancellationToken)
    {
        var (known, last) = (standing.Known, standing.Last);
        var lowest = await outbox.FindLowestAsync(writer.Partition, cancellationToken) ?? known.Confirmed + 1;
        var again = Math.Max(lowest, last + 1);
        await outbox.RecordIncidentAsync(
            writer.Partition,
            known.Confirmed,
            "lost-tail",
            $"The log had confirmed {known.Confirmed} of {outbox.Producer} and ended at {last}. "
            + (again <= known.Confirmed ? $"Sequences {again} to {known.Confirmed} are published again." : "None of the lost events is in the outbox any more.")
            + (again > last + 1 ? $" Sequences {last + 1} to {again - 1} are announced as a gap." : ""),
            cancellationToken);
        if (again > last + 1)
        {
            await writer.AppendAsync([Gap(writer.Partition, outbox.Producer, last + 1, again - 1, clock.GetUtcNow())], cancellationToken);
        }

        return again - 1;
    }

    private static EventEnvelope Gap(PartitionId partition, string producer, long from, long to, DateTimeOffset now)
    {
        var id = DeterministicId.Create(producer, GapEvent.TypeName, $"{partition}/{from}", 0).ToString();
        return new EventEnvelope
        {
            Id = id,
            Type = GapEvent.TypeName,
            Source = OutboxRecognition.ServiceOf(producer),
            Key = id,
            Time = now,
            CommittedAt = now,
            Producer = producer,
            Sequence = to,
            Data = FlowJson.Serialize(new GapEvent(from, to)),
        };
    }
}
