using System.Data.Common;
using FlowPlatform.Events;
using FlowPlatform.Log;
using FlowPlatform.Stores;

namespace FlowPlatform.Consumers;

/// <summary>What a projection's handler works with: its own tables and the event's place in the log. Valid during the call only.</summary>
public sealed class ProjectionContext : IStoreScope
{
    internal ProjectionContext(DbConnection connection, LogRecord record)
    {
        Connection = connection;
        Record = record;
    }

    /// <inheritdoc />
    public DbConnection Connection { get; }

    /// <summary>The record: partition, offset and envelope.</summary>
    public LogRecord Record { get; }

    /// <summary>Event time: the only clock that a projection may read.</summary>
    public DateTimeOffset Time => Record.Event.Time;
}

/// <summary>What a reactor's handler works with. Valid during the call only.</summary>
public sealed class ReactorContext : IStoreScope
{
    private readonly StoreTransaction transaction;

    internal ReactorContext(StoreTransaction transaction, LogRecord record, Cause cause)
    {
        this.transaction = transaction;
        Record = record;
        Cause = cause;
    }

    /// <inheritdoc />
    public DbConnection Connection => transaction.Connection;

    /// <summary>The record: partition, offset and envelope.</summary>
    public LogRecord Record { get; }

    /// <summary>The event as the cause of what comes of it.</summary>
    public Cause Cause { get; }

    /// <summary>Event time.</summary>
    public DateTimeOffset Time => Record.Event.Time;

    /// <summary>Emits an event because of this one, with a deterministic id (rule P7).</summary>
    /// <param name="event">The event.</param>
    /// <param name="after">How long the business took in event time (rule T3); default: no time.</param>
    public void Emit(object @event, TimeSpan after = default) => transaction.Emit(@event, Time + after, Cause);

    /// <summary>Sends a command because of this event, with a deterministic id.</summary>
    /// <param name="command">The command; its type carries <see cref="CommandAttribute"/>.</param>
    /// <param name="key">What the id is made of where any of several events may be the last that the command waited for; default: the cause. See <see cref="StoreTransaction.Send"/>.</param>
    public void Send(object command, string? key = null) => transaction.Send(command, Cause, key);
}
