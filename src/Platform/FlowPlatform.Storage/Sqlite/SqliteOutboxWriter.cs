using Dapper;
using FlowPlatform.Log;
using FlowPlatform.Storage.Sql;
using FlowPlatform.Stores;
using Microsoft.Data.Sqlite;

namespace FlowPlatform.Storage.Sqlite;

/// <summary>Writes outbox rows as the last statements of a group commit (rule P6), on prepared statements. Used by the writer only.</summary>
internal sealed class SqliteOutboxWriter : IDisposable
{
    private readonly SqlOutbox outbox;
    private readonly List<PendingEvent> placed = [];
    private readonly SqliteCommand head;
    private readonly SqliteCommand row;
    private readonly SqliteCommand command;
    private readonly SqliteCommand adopted;
    private long lastCommand;

    public SqliteOutboxWriter(SqliteConnection connection, SqlOutbox outbox)
    {
        this.outbox = outbox;
        head = Prepare(
            connection,
            """
            INSERT INTO flow_outbox_head (stream, partition, assigned, confirmed) VALUES ($stream, $partition, $count, 0)
            ON CONFLICT (stream, partition) DO UPDATE SET assigned = assigned + excluded.assigned
            RETURNING assigned
            """,
            "$stream", "$partition", "$count");
        row = Prepare(
            connection,
            """
            INSERT INTO flow_outbox (stream, partition, sequence, event_id, type, key, time, committed_at, content_type, correlation_id, causation_id, traceparent, tracestate, data)
            VALUES ($stream, $partition, $sequence, $id, $type, $key, $time, $committed, $content, $correlation, $causation, $parent, $state, $data)
            """,
            "$stream", "$partition", "$sequence", "$id", "$type", "$key", "$time", "$committed", "$content", "$correlation", "$causation", "$parent", "$state", "$data");
        command = Prepare(
            connection,
            """
            INSERT INTO flow_command (number, id, name, body, time, causation_id, correlation_id, traceparent, tracestate)
            SELECT $number, $id, $name, $body, $time, $causation, $correlation, $parent, $state WHERE NOT EXISTS (SELECT 1 FROM flow_inbox WHERE command_id = $id)
            ON CONFLICT (id) DO NOTHING
            """,
            "$number", "$id", "$name", "$body", "$time", "$causation", "$correlation", "$parent", "$state");

        adopted = Prepare(connection, "SELECT EXISTS (SELECT 1 FROM flow_adopted WHERE event_id = $id)", "$id");

        // Counted here: SQLite would give the number of a deleted row again, and the relay would not see that row.
        lastCommand = connection.QuerySingle<long>("SELECT coalesce(max(number), 0) FROM flow_command");
    }

    public OutboxRoom Room => outbox.Room;

    public void Write(List<PendingEvent> emitted, List<PendingCommand> commands)
    {
        placed.Clear();
        var events = outbox.HasAdopted ? emitted.FindAll(item => !IsAdopted(item.Event.Id)) : emitted;
        if (events.Count > 0)
        {
            var next = new Dictionary<PartitionId, long>();
            foreach (var group in events.GroupBy(item => item.Partition).OrderBy(group => group.Key))
            {
                var count = group.Count();
                Bind(head, group.Key.Stream, group.Key.Index, count);
                next[group.Key] = (long)head.ExecuteScalar()! - count + 1;
            }

            foreach (var (partition, @event) in events)
            {
                var sequence = next[partition]++;
                Bind(
                    row, partition.Stream, partition.Index, sequence, @event.Id, @event.Type, @event.Key, DapperTypes.ToText(@event.Time), DapperTypes.ToText(@event.CommittedAt),
                    @event.ContentType, @event.CorrelationId, @event.CausationId, @event.TraceParent, @event.TraceState, Bytes(@event.Data));
                row.ExecuteNonQuery();
                placed.Add(new PendingEvent(partition, @event.At(outbox.Producer, sequence)));
            }
        }

        foreach (var item in commands)
        {
            Bind(command, ++lastCommand, item.Id.ToString(), item.Name, Bytes(item.Body), DapperTypes.ToText(item.Time), item.CausationId, item.CorrelationId, item.TraceParent, item.TraceState);
            command.ExecuteNonQuery();
        }
    }

    /// <summary>The commit is durable: whoever waits may look.</summary>
    public void Signal(bool commands)
    {
        if (placed.Count > 0)
        {
            placed.ForEach(item => outbox.Tail.Add(item.Partition, item.Event));
            outbox.Room.Add(placed.Count);
            outbox.EventsAdded.Signal();
        }

        if (commands)
        {
            outbox.CommandsAdded.Signal();
        }
    }

    public void Dispose()
    {
        head.Dispose();
        row.Dispose();
        command.Dispose();
        adopted.Dispose();
    }

    /// <summary>A reactor of a restored store decides again what it had decided, under the same ids (rule P7): the log has it.</summary>
    private bool IsAdopted(string eventId)
    {
        Bind(adopted, eventId);
        return (long)adopted.ExecuteScalar()! == 1;
    }

    private static byte[] Bytes(ReadOnlyMemory<byte> data) =>
        System.Runtime.InteropServices.MemoryMarshal.TryGetArray(data, out var segment) && segment.Offset == 0 && segment.Count == segment.Array!.Length ? segment.Array : data.ToArray();

    private static SqliteCommand Prepare(SqliteConnection connection, string sql, params string[] names)
    {
        var prepared = new SqliteCommand(sql, connection);
        foreach (var name in names)
        {
            prepared.Parameters.Add(new SqliteParameter { ParameterName = name });
        }

        return prepared;
    }

    private static void Bind(SqliteCommand prepared, params object?[] values)
    {
        for (var index = 0; index < values.Length; index++)
        {
            prepared.Parameters[index].Value = values[index] ?? DBNull.Value;
        }
    }
}
