using System.Diagnostics.CodeAnalysis;

namespace FlowPlatform.Log;

/// <summary>
/// An event with what the log keeps about it: the CloudEvents 1.0 attributes, tracing context and the producer's identity (rule W1).
/// Immutable and safe to share; <see cref="Data"/> stays valid as long as the envelope does.
/// </summary>
public sealed class EventEnvelope
{
    /// <summary>Creates an event.</summary>
    public EventEnvelope()
    {
    }

    [SetsRequiredMembers]
    private EventEnvelope(EventEnvelope other)
    {
        Id = other.Id;
        Type = other.Type;
        Source = other.Source;
        Key = other.Key;
        Time = other.Time;
        CommittedAt = other.CommittedAt;
        ContentType = other.ContentType;
        TraceParent = other.TraceParent;
        TraceState = other.TraceState;
        CorrelationId = other.CorrelationId;
        CausationId = other.CausationId;
        Producer = other.Producer;
        Sequence = other.Sequence;
        Data = other.Data;
    }

    /// <summary>Unique id of the event (CloudEvents <c>id</c>).</summary>
    public required string Id { get; init; }

    /// <summary>Type with version, e.g. <c>orders.placed.v1</c> (CloudEvents <c>type</c>).</summary>
    public required string Type { get; init; }

    /// <summary>Service that produced it (CloudEvents <c>source</c>).</summary>
    public required string Source { get; init; }

    /// <summary>Partition key. An event without a key uses its id.</summary>
    public required string Key { get; init; }

    /// <summary>Event time (CloudEvents <c>time</c>), UTC.</summary>
    public required DateTimeOffset Time { get; init; }

    /// <summary>When the decision was committed in the producer's store, UTC.</summary>
    public required DateTimeOffset CommittedAt { get; init; }

    /// <summary>Media type of <see cref="Data"/>; default <c>application/json</c>.</summary>
    public string ContentType { get; init; } = "application/json";

    /// <summary>W3C trace context of the decision, or null.</summary>
    public string? TraceParent { get; init; }

    /// <summary>W3C trace state of the decision, or null.</summary>
    public string? TraceState { get; init; }

    /// <summary>What the whole conversation has in common, inherited along the chain of causes; null if none.</summary>
    public string? CorrelationId { get; init; }

    /// <summary>Id of the event that caused this one; null for decisions made from outside.</summary>
    public string? CausationId { get; init; }

    /// <summary>Producer reference <c>service/incarnation</c> (rule P2); null for foreign writers.</summary>
    public string? Producer { get; init; }

    /// <summary>Gap-free sequence of the producer in this partition, from 1; 0 for foreign writers.</summary>
    public long Sequence { get; init; }

    /// <summary>The event itself: UTF-8 JSON.</summary>
    public required ReadOnlyMemory<byte> Data { get; init; }

    /// <summary>The same event at its place in its producer's order, which it gets at commit (rule P6).</summary>
    /// <param name="producer">Producer reference.</param>
    /// <param name="sequence">Sequence in the partition, from 1.</param>
    public EventEnvelope At(string producer, long sequence) => new(this) { Producer = producer, Sequence = sequence };

    /// <summary>The same event as another version says it.</summary>
    internal EventEnvelope WithContent(string type, ReadOnlyMemory<byte> data) => new(this) { Type = type, Data = data };

    /// <summary>The same event with another trace context.</summary>
    internal EventEnvelope WithTrace(string? traceParent, string? traceState) => new(this) { TraceParent = traceParent, TraceState = traceState };
}
