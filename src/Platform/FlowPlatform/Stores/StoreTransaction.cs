using System.Data.Common;
using System.Diagnostics;
using FlowPlatform.Events;
using FlowPlatform.Log;
using FlowPlatform.Telemetry;

namespace FlowPlatform.Stores;

/// <summary>Something with a connection to run SQL on.</summary>
public interface IStoreScope
{
    /// <summary>The open connection. What runs the transaction is the store: begin, commit or roll back nothing yourself.</summary>
    DbConnection Connection { get; }
}

/// <summary>
/// One decision: state changes, events and commands that commit together or not at all. Not safe for concurrent use; don't keep it.
/// Events get their place in the producer's order at commit (rule P6).
/// </summary>
public sealed class StoreTransaction : IStoreScope
{
    private readonly PublishedStreams? published;
    private readonly TimeProvider clock;
    private readonly OutboxRoom? room;

    /// <summary>Creates a transaction; called by stores.</summary>
    /// <param name="connection">Connection inside the transaction.</param>
    /// <param name="published">Streams that the service publishes; null where nothing can be emitted.</param>
    /// <param name="clock">Clock for ids and commit times.</param>
    /// <param name="room">Where decisions from outside ask for room; null: there is always room.</param>
    public StoreTransaction(DbConnection connection, PublishedStreams? published, TimeProvider clock, OutboxRoom? room = null)
    {
        Connection = connection;
        this.published = published;
        this.clock = clock;
        this.room = room;
    }

    /// <inheritdoc />
    public DbConnection Connection { get; }

    /// <summary>Events emitted so far, in order; sequences are not assigned yet.</summary>
    public List<PendingEvent> Events { get; } = [];

    /// <summary>Commands sent so far.</summary>
    public List<PendingCommand> Commands { get; } = [];

    /// <summary>Trace context that what is emitted now continues, instead of that of the event which caused it; null if there is none.</summary>
    internal TraceContext? Handling { get; set; }

    /// <summary>Emits an event: it reaches the log if and only if this transaction commits.</summary>
    /// <param name="event">The event; its type carries <see cref="EventAttribute"/>.</param>
    /// <param name="time">Event time: when it happened in the business, not when it was computed (rule T3).</param>
    /// <param name="cause">What it is decided about; null for decisions from outside.</param>
    /// <returns>The event's id.</returns>
    /// <exception cref="InvalidOperationException">The service publishes no stream for such an event, or nothing can be emitted here.</exception>
    /// <exception cref="OutboxFullException">It is decided from outside, and too many events wait for the log.</exception>
    public string Emit(object @event, DateTimeOffset time, Cause? cause = null)
    {
        if (cause is null)
        {
            room?.Require();
        }

        var streams = published ?? throw new InvalidOperationException($"{@event.GetType().Name} can't be emitted here: a projection only writes its own tables. Use a reactor.");
        var type = EventType.Of(@event.GetType());
        var definition = streams.StreamOf(type.ClrType);
        var id = (cause?.NextId(streams.Service) ?? Guid.CreateVersion7(clock.GetUtcNow())).ToString();
        var key = type.KeyOf(@event) ?? id;
        var envelope = new EventEnvelope
        {
            Id = id,
            Type = type.Name,
            Source = streams.Service,
            Key = key,
            Time = ToMicroseconds(time.ToUniversalTime()),
            CommittedAt = ToMicroseconds(clock.GetUtcNow()),
            TraceParent = cause is null ? Activity.Current?.Id : cause.TraceParent,
            TraceState = cause is null ? Activity.Current?.TraceStateString : cause.TraceState,
            CorrelationId = cause?.CorrelationId ?? id,
            CausationId = cause is null ? null : cause.CausationId ?? cause.Id,
            Data = FlowJson.Serialize(@event),
        };
        Events.Add(new PendingEvent(new PartitionId(definition.Name, Partitioner.PartitionOf(key, definition.Partitions)), envelope));
        return id;
    }

    /// <summary>Sends a command: it reaches its queue, at least once, if and only if this transaction commits; its handler's inbox makes that once.</summary>
    /// <param name="command">The command; its type carries <see cref="CommandAttribute"/>.</param>
    /// <param name="cause">What it is sent because of.</param>
    /// <param name="key">
    /// What its id is made of, instead of the cause, where any of several events may be the last that it waited for: a store that lost its tail, and reads its streams again in another order,
    /// sends it under the same id. A service sends one command of a type for a key.
    /// </param>
    /// <returns>The command's id, which is also the idempotency key for what it does outside.</returns>
    public Guid Send(object command, Cause cause, string? key = null)
    {
        var streams = published ?? throw new InvalidOperationException($"{command.GetType().Name} can't be sent here: a projection only writes its own tables. Use a reactor.");
        var name = CommandType.NameOf(command.GetType());
        var id = key is null ? cause.NextId(streams.Service) : DeterministicId.Create(streams.Service, name, key, 0);
        Commands.Add(new PendingCommand(
            id, name, FlowJson.Serialize(command), cause.Time, cause.CausationId ?? cause.Id, cause.CorrelationId, cause.TraceParent, cause.TraceState));
        return id;
    }

    /// <summary>All stores can keep that exactly; an event must not differ by where it is read.</summary>
    private static DateTimeOffset ToMicroseconds(DateTimeOffset time) => time.AddTicks(-(time.Ticks % TimeSpan.TicksPerMicrosecond));
}

/// <summary>An event on its way into the outbox.</summary>
/// <param name="Partition">Where it goes.</param>
/// <param name="Event">The event; its sequence is assigned at commit.</param>
public readonly record struct PendingEvent(PartitionId Partition, EventEnvelope Event);

/// <summary>A command on its way through the outbox.</summary>
/// <param name="Id">Its id: the message id, the inbox key and the idempotency key outside.</param>
/// <param name="Name">Its name, which is its queue.</param>
/// <param name="Body">UTF-8 JSON.</param>
/// <param name="Time">Event time of its cause.</param>
/// <param name="CausationId">The event that caused it.</param>
/// <param name="CorrelationId">What the conversation has in common.</param>
/// <param name="TraceParent">W3C trace context, or null.</param>
/// <param name="TraceState">W3C trace state, or null.</param>
public sealed record PendingCommand(
    Guid Id, string Name, ReadOnlyMemory<byte> Body, DateTimeOffset Time, string CausationId, string? CorrelationId, string? TraceParent, string? TraceState = null)
{
    /// <summary>Its place in the outbox: ascends as long as the store is open. 0 before it is written.</summary>
    public long Number { get; init; }
}
