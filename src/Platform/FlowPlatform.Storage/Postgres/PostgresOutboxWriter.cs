using FlowPlatform.Log;
using FlowPlatform.Stores;
using Npgsql;
using NpgsqlTypes;

namespace FlowPlatform.Storage.Postgres;

/// <summary>Writes outbox rows as the last statements of a group commit (rule P6). Safe for concurrent use: each group has an <see cref="OutboxWrite"/> of its own.</summary>
internal sealed class PostgresOutboxWriter(PostgresOutbox outbox)
{
    public OutboxRoom Room => outbox.Room;

    public OutboxWrite Prepare(List<PendingEvent> events, List<PendingCommand> commands) => new(outbox, events, commands);
}

/// <summary>One group's outbox rows: two statements at most, whatever their number.</summary>
internal sealed class OutboxWrite(PostgresOutbox outbox, List<PendingEvent> events, List<PendingCommand> commands)
{
    /// <summary>Heads are taken in the order of the arrays, which is that of the partitions, and stay locked until the commit: so sequences are in commit order, and writers never deadlock.</summary>
    private const string WriteEvents =
        """
        WITH head AS (
            INSERT INTO flow_outbox_head AS old (stream, partition, assigned, confirmed)
            SELECT new.stream, new.partition, new.count, 0 FROM unnest($1, $2, $3) AS new (stream, partition, count)
            ON CONFLICT (stream, partition) DO UPDATE SET assigned = old.assigned + excluded.assigned
            RETURNING stream, partition, assigned),
        written AS (
            INSERT INTO flow_outbox (stream, partition, sequence, event_id, type, key, time, committed_at, content_type, correlation_id, causation_id, traceparent, tracestate, data)
            SELECT e.stream, e.partition, head.assigned - e.back, e.id, e.type, e.key, e.time, e.committed, e.content, e.correlation, e.causation, e.parent, e.state, e.data
            FROM unnest($4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)
                AS e (stream, partition, back, id, type, key, time, committed, content, correlation, causation, parent, state, data)
            JOIN head ON head.stream = e.stream AND head.partition = e.partition)
        SELECT stream, partition, assigned FROM head
        """;

    private const string WriteCommands =
        """
        WITH head AS (UPDATE flow_command_head SET assigned = assigned + $1 RETURNING assigned - $1 AS base)
        INSERT INTO flow_command (number, id, name, body, time, causation_id, correlation_id, traceparent, tracestate)
        SELECT head.base + c.number, c.id, c.name, c.body, c.time, c.causation, c.correlation, c.parent, c.state
        FROM unnest($2, $3, $4, $5, $6, $7, $8, $9) WITH ORDINALITY AS c (id, name, body, time, causation, correlation, parent, state, number) CROSS JOIN head
        WHERE NOT EXISTS (SELECT 1 FROM flow_inbox WHERE command_id = c.id)
        ON CONFLICT (id) DO NOTHING
        """;

    private readonly List<IGrouping<PartitionId, PendingEvent>> partitions = [.. events.GroupBy(item => item.Partition).OrderBy(group => group.Key)];
    private Dictionary<PartitionId, long>? assigned;

    public void AddTo(NpgsqlBatch batch)
    {
        if (events.Count > 0)
        {
            batch.BatchCommands.Add(EventStatement());
        }

        if (commands.Count > 0)
        {
            batch.BatchCommands.Add(CommandStatement());
        }
    }

    /// <summary>Reads which sequences were assigned.</summary>
    public async Task ReadAsync(NpgsqlDataReader reader)
    {
        if (events.Count == 0)
        {
            return;
        }

        var read = new Dictionary<PartitionId, long>();
        while (await reader.ReadAsync())
        {
            read[new PartitionId(reader.GetString(0), reader.GetInt32(1))] = reader.GetInt64(2);
        }

        assigned = read;
    }

    /// <summary>The commit is durable: whoever waits may look, here and in other replicas.</summary>
    public void Announce()
    {
        if (events.Count > 0)
        {
            AddToTail();
            outbox.Room.Add(events.Count);
        }

        outbox.Announce(events.Count > 0, commands.Count > 0);
    }

    private void AddToTail()
    {
        if (assigned is null)
        {
            // The connection ended before it could say: the table has them.
            outbox.Distrust();
            return;
        }

        foreach (var group in partitions)
        {
            var sequence = assigned[group.Key] - group.Count();
            foreach (var item in group)
            {
                outbox.Tail.Add(group.Key, item.Event.At(outbox.Producer, ++sequence));
            }
        }
    }

    private NpgsqlBatchCommand EventStatement()
    {
        var rows = partitions.SelectMany(group => group.Select((item, index) => (item.Partition, Back: (long)(group.Count() - 1 - index), item.Event))).ToList();
        return new NpgsqlBatchCommand(WriteEvents)
        {
            Parameters =
            {
                Text(partitions.Select(group => group.Key.Stream)),
                Array(NpgsqlDbType.Integer, partitions.Select(group => group.Key.Index)),
                Array(NpgsqlDbType.Bigint, partitions.Select(group => (long)group.Count())),
                Text(rows.Select(row => row.Partition.Stream)),
                Array(NpgsqlDbType.Integer, rows.Select(row => row.Partition.Index)),
                Array(NpgsqlDbType.Bigint, rows.Select(row => row.Back)),
                Text(rows.Select(row => row.Event.Id)),
                Text(rows.Select(row => row.Event.Type)),
                Text(rows.Select(row => row.Event.Key)),
                Time(rows.Select(row => row.Event.Time)),
                Time(rows.Select(row => row.Event.CommittedAt)),
                Text(rows.Select(row => row.Event.ContentType)),
                Text(rows.Select(row => row.Event.CorrelationId)),
                Text(rows.Select(row => row.Event.CausationId)),
                Text(rows.Select(row => row.Event.TraceParent)),
                Text(rows.Select(row => row.Event.TraceState)),
                Array(NpgsqlDbType.Bytea, rows.Select(row => row.Event.Data)),
            },
        };
    }

    private NpgsqlBatchCommand CommandStatement() => new(WriteCommands)
    {
        Parameters =
        {
            new NpgsqlParameter<long> { TypedValue = commands.Count },
            Text(commands.Select(command => command.Id.ToString())),
            Text(commands.Select(command => command.Name)),
            Array(NpgsqlDbType.Bytea, commands.Select(command => command.Body)),
            Time(commands.Select(command => command.Time)),
            Text(commands.Select(command => command.CausationId)),
            Text(commands.Select(command => command.CorrelationId)),
            Text(commands.Select(command => command.TraceParent)),
            Text(commands.Select(command => command.TraceState)),
        },
    };

    private static NpgsqlParameter<string?[]> Text(IEnumerable<string?> values) => Array(NpgsqlDbType.Text, values);

    private static NpgsqlParameter<DateTime[]> Time(IEnumerable<DateTimeOffset> values) => Array(NpgsqlDbType.TimestampTz, values.Select(time => DapperTypes.ToMicroseconds(time).UtcDateTime));

    private static NpgsqlParameter<T[]> Array<T>(NpgsqlDbType type, IEnumerable<T> values) => new() { TypedValue = [.. values], NpgsqlDbType = NpgsqlDbType.Array | type };
}
