using FlowPlatform.Consumers;
using FlowPlatform.Events;
using FlowPlatform.Log;
using FlowPlatform.Stores;

namespace FlowPlatform.Tests.Runtime;

internal static class Envelopes
{
    public static readonly DateTimeOffset Time = new(2026, 1, 1, 12, 0, 0, TimeSpan.Zero);

    public static EventEnvelope PaidIn(string id, long sequence, string? producer = "bank/1", string account = "a", decimal amount = 1) => new()
    {
        Id = id,
        Type = "accounts.paid-in.v1",
        Source = "bank",
        Key = account,
        Time = Time,
        CommittedAt = Time,
        Producer = producer,
        Sequence = sequence,
        Data = FlowJson.Serialize(new PaidIn(account, amount)),
    };

    /// <summary>What a producer says of sequences that it can't give again.</summary>
    public static EventEnvelope Gap(long from, long to, string producer = "bank/1") => new()
    {
        Id = $"gap-{from}-{to}", Type = GapEvent.TypeName, Source = "bank", Key = "k", Time = Time, CommittedAt = Time, Producer = producer, Sequence = to,
        Data = FlowJson.Serialize(new GapEvent(from, to)),
    };

    /// <summary>The same, but of another type.</summary>
    public static EventEnvelope Of(string type, EventEnvelope other) => new()
    {
        Id = other.Id, Type = type, Source = other.Source, Key = other.Key, Time = other.Time, CommittedAt = other.CommittedAt, Producer = other.Producer, Sequence = other.Sequence,
        TraceParent = other.TraceParent, Data = other.Data,
    };

    public static LogRecord At(this EventEnvelope envelope, long offset, PartitionId? partition = null) => new(partition ?? new PartitionId("accounts", 0), offset, Time, envelope);

    public static CheckpointState Fresh(string consumer = "totals") => new(
        new Checkpoint { Consumer = consumer, Partition = new PartitionId("accounts", 0), Partitions = 1 }, [], new Dictionary<string, long>());
}
