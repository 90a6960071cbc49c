using FlowPlatform.Events;
using FlowPlatform.Log;

namespace FlowPlatform.Testing;

/// <summary>An event as another service publishes it, but for its sequence.</summary>
/// <param name="Id">Says the how manieth event of its stream it is, so that it is the same in every run: what reactors emit because of it then is, too.</param>
/// <param name="Partition">Where it goes.</param>
/// <param name="Type">Type name.</param>
/// <param name="Key">Partition key.</param>
/// <param name="Data">JSON.</param>
internal sealed record Given(string Id, PartitionId Partition, string Type, string Key, ReadOnlyMemory<byte> Data)
{
    /// <summary>The event as the <paramref name="number"/>th of its stream, from 1.</summary>
    public static Given Of(object @event, string stream, long number, int partitions)
    {
        var type = EventType.Of(@event.GetType());
        return Of(type.Name, type.KeyOf(@event), FlowJson.Serialize(@event), stream, number, partitions);
    }

    public static Given Of(string type, string? key, ReadOnlyMemory<byte> data, string stream, long number, int partitions)
    {
        var id = $"{stream}/{number}";
        return new Given(id, new PartitionId(stream, Partitioner.PartitionOf(key ?? id, partitions)), type, key ?? id, data);
    }

    /// <summary>The stream that an event type belongs to by its name: all of <c>orders.placed.v1</c> but verb and version.</summary>
    public static string StreamOf(Type type)
    {
        var name = EventType.Of(type).Name;
        var parts = name.Split('.');
        return parts.Length >= 3
            ? string.Join('.', parts[..^2])
            : throw new FlowTestException($"The name '{name}' of {type.Name} does not say which stream it belongs to, as in 'orders.placed.v1'. Name the stream.");
    }

    public static string ProducerOf(string stream) => $"{stream}/test";

    public EventEnvelope Envelope(long sequence, DateTimeOffset time, DateTimeOffset committedAt) => new()
    {
        Id = Id,
        Type = Type,
        Source = Partition.Stream,
        Key = Key,
        Time = time.ToUniversalTime(),
        CommittedAt = committedAt.ToUniversalTime(),
        CorrelationId = Id,
        Producer = ProducerOf(Partition.Stream),
        Sequence = sequence,
        Data = Data,
    };
}
