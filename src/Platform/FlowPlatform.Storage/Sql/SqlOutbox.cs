using System.Data.Common;
using Dapper;
using FlowPlatform.Log;
using FlowPlatform.Stores;

namespace FlowPlatform.Storage.Sql;

/// <summary>The outbox as the relay sees it, in SQL that SQLite and Postgres understand alike.</summary>
internal class SqlOutbox(IStore store, string service, Incarnation first, OutboxRoom room, TimeProvider clock) : IOutbox
{
    /// <summary>Rows that the log has not confirmed, from the few rows of the heads.</summary>
    public const string CountUnconfirmed = "SELECT coalesce(sum(assigned - confirmed), 0) FROM flow_outbox_head";

    private volatile Incarnation incarnation = first;
    private volatile string producer = $"{service}/{first.Name}";
    private volatile bool hasAdopted = true;

    public string Producer => producer;

    public DateTimeOffset? ProducerSince => incarnation.Since;

    /// <summary>False if the log has nothing that the store must not emit again, as a rule.</summary>
    public bool HasAdopted
    {
        get => hasAdopted;
        set => hasAdopted = value;
    }

    public Pulse EventsAdded { get; } = new();

    public Pulse CommandsAdded { get; } = new();

    /// <summary>What was committed last, in memory.</summary>
    public OutboxTail Tail { get; } = new();

    public OutboxRoom Room => room;

    public async Task<IReadOnlyList<OutboxHead>> ReadHeadsAsync(CancellationToken cancellationToken)
    {
        await using var connection = await store.OpenReadAsync(cancellationToken);

        // Another replica may have adopted the log meanwhile.
        incarnation = await SqlIncarnation.ReadAsync(connection);
        producer = $"{service}/{incarnation.Name}";
        var rows = await connection.QueryAsync<HeadRow>("SELECT stream, partition, assigned, confirmed, confirmed_id AS ConfirmedId FROM flow_outbox_head");
        return [.. rows.Select(row => new OutboxHead(new PartitionId(row.Stream, row.Partition), row.Assigned, row.Confirmed, row.ConfirmedId))];
    }

    public virtual async Task<IReadOnlyList<EventEnvelope>> ReadAsync(PartitionId partition, long after, int maxEvents, long maxBytes, CancellationToken cancellationToken) =>
        TryReadTail(partition, after, maxEvents, maxBytes, out var newest) ? newest : await ReadTableAsync(partition, after, maxEvents, maxBytes, cancellationToken);

    /// <summary>What is in memory. Not what was written there just when another incarnation began.</summary>
    protected bool TryReadTail(PartitionId partition, long after, int maxEvents, long maxBytes, out IReadOnlyList<EventEnvelope> newest) =>
        Tail.TryRead(partition, after, maxEvents, maxBytes, out newest) && newest.All(row => row.Producer == producer);

    /// <summary>What is in the table, whatever is in memory.</summary>
    protected async Task<IReadOnlyList<EventEnvelope>> ReadTableAsync(PartitionId partition, long after, int maxEvents, long maxBytes, CancellationToken cancellationToken)
    {
        await using var connection = await store.OpenReadAsync(cancellationToken);
        await using var command = connection.CreateCommand();
        command.CommandText =
            """
            SELECT sequence, event_id, type, key, time, committed_at, content_type, correlation_id, causation_id, traceparent, tracestate, data
            FROM flow_outbox WHERE stream = @stream AND partition = @partition AND sequence > @after ORDER BY sequence LIMIT @max
            """;
        Add(command, "@stream", partition.Stream);
        Add(command, "@partition", partition.Index);
        Add(command, "@after", after);
        Add(command, "@max", maxEvents);
        var rows = new List<EventEnvelope>();
        var bytes = 0L;
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        while (bytes < maxBytes && await reader.ReadAsync(cancellationToken))
        {
            var row = Read(reader);
            bytes += row.Data.Length;
            rows.Add(row);
        }

        return rows;
    }

    public async Task<string?> FindIdAsync(PartitionId partition, long sequence, CancellationToken cancellationToken)
    {
        await using var connection = await store.OpenReadAsync(cancellationToken);
        return await connection.QuerySingleOrDefaultAsync<string>(
            "SELECT event_id FROM flow_outbox WHERE stream = @Stream AND partition = @Index AND sequence = @sequence", new { partition.Stream, partition.Index, sequence });
    }

    public async Task<long?> FindLowestAsync(PartitionId partition, CancellationToken cancellationToken)
    {
        await using var connection = await store.OpenReadAsync(cancellationToken);
        return await connection.QuerySingleOrDefaultAsync<long?>(
            "SELECT min(sequence) FROM flow_outbox WHERE stream = @Stream AND partition = @Index", new { partition.Stream, partition.Index });
    }

    public async Task<IReadOnlyDictionary<long, string>> ReadIdsAsync(PartitionId partition, CancellationToken cancellationToken)
    {
        await using var connection = await store.OpenReadAsync(cancellationToken);
        return (await connection.QueryAsync<IdRow>(
            "SELECT sequence, event_id AS EventId FROM flow_outbox WHERE stream = @Stream AND partition = @Index", new { partition.Stream, partition.Index })).ToDictionary(row => row.Sequence, row => row.EventId);
    }

    public async Task<bool> HasAdoptedAsync(CancellationToken cancellationToken)
    {
        await using var connection = await store.OpenReadAsync(cancellationToken);
        return await connection.QuerySingleAsync<bool>("SELECT EXISTS (SELECT 1 FROM flow_adopted)");
    }

    public async Task AdoptAsync(OutboxAdoption adoption, CancellationToken cancellationToken)
    {
        await store.WriteAsync(
            async transaction =>
            {
                // Before what commits with this unit is written.
                HasAdopted = true;
                await SqlAdoption.WriteAsync(transaction, adoption, clock.GetUtcNow());
                room.Set(await transaction.QuerySingleOrDefaultAsync<long>(CountUnconfirmed));
                return true;
            },
            cancellationToken);
        Tail.Clear();
        await ReadHeadsAsync(cancellationToken);
        EventsAdded.Signal();
    }

    public Task RecordIncidentAsync(PartitionId partition, long mark, string kind, string detail, CancellationToken cancellationToken) => store.WriteAsync(
        async transaction =>
        {
            await SqlIncidents.RecordAsync(transaction, Incident.Relay, partition, mark, kind, detail, clock);
            return true;
        },
        cancellationToken);

    public Task ConfirmAsync(IReadOnlyList<OutboxConfirm> confirms, CancellationToken cancellationToken) =>
        store.WriteAsync(
            async transaction =>
            {
                var confirmed = await transaction.ExecuteAsync(
                    "UPDATE flow_outbox_head SET confirmed = @Sequence, confirmed_id = @EventId WHERE stream = @Stream AND partition = @Index AND confirmed < @Sequence",
                    confirms.Select(confirm => new { confirm.Sequence, confirm.EventId, confirm.Partition.Stream, confirm.Partition.Index }).ToList());
                // A few rows, at most five times a second; what commits with this unit is added after it.
                room.Set(await transaction.QuerySingleOrDefaultAsync<long>(CountUnconfirmed));
                return confirmed;
            },
            cancellationToken);

    public Task<int> TrimAsync(PartitionId partition, long upTo, int maxRows, CancellationToken cancellationToken) =>
        store.WriteAsync(
            async transaction => await transaction.ExecuteAsync(
                """
                DELETE FROM flow_outbox WHERE stream = @Stream AND partition = @Index AND sequence IN (
                    SELECT row.sequence FROM flow_outbox row JOIN flow_outbox_head head ON head.stream = row.stream AND head.partition = row.partition
                    WHERE row.stream = @Stream AND row.partition = @Index AND row.sequence <= @upTo AND row.sequence <= head.confirmed AND row.sequence < head.assigned
                    ORDER BY row.sequence LIMIT @maxRows)
                """,
                new { partition.Stream, partition.Index, upTo, maxRows }),
            cancellationToken);

    public async Task<IReadOnlyList<PendingCommand>> ReadCommandsAsync(long after, int max, CancellationToken cancellationToken)
    {
        await using var connection = await store.OpenReadAsync(cancellationToken);
        var rows = await connection.QueryAsync<CommandRow>(
            "SELECT number, id, name, body, time, causation_id AS CausationId, correlation_id AS CorrelationId, traceparent AS TraceParent, tracestate AS TraceState FROM flow_command WHERE number > @after ORDER BY number LIMIT @max",
            new { after, max });
        return [.. rows.Select(row => new PendingCommand(Guid.Parse(row.Id), row.Name, row.Body, row.Time, row.CausationId, row.CorrelationId, row.TraceParent, row.TraceState) { Number = row.Number })];
    }

    public Task RemoveCommandsAsync(IReadOnlyList<Guid> ids, CancellationToken cancellationToken) =>
        store.WriteAsync(
            async transaction => await transaction.ExecuteAsync("DELETE FROM flow_command WHERE id IN @ids", new { ids = ids.Select(id => id.ToString()).ToList() }),
            cancellationToken);

    public async Task<long> CountCommandsAsync(CancellationToken cancellationToken)
    {
        await using var connection = await store.OpenReadAsync(cancellationToken);
        return await connection.QuerySingleAsync<long>("SELECT count(*) FROM flow_command");
    }

    private static void Add(DbCommand command, string name, object value)
    {
        var parameter = command.CreateParameter();
        (parameter.ParameterName, parameter.Value) = (name, value);
        command.Parameters.Add(parameter);
    }

    private EventEnvelope Read(DbDataReader reader) => new()
    {
        Sequence = reader.GetInt64(0),
        Id = reader.GetString(1),
        Type = reader.GetString(2),
        Key = reader.GetString(3),
        Time = DapperTypes.ToTime(reader.GetValue(4)),
        CommittedAt = DapperTypes.ToTime(reader.GetValue(5)),
        ContentType = reader.GetString(6),
        CorrelationId = reader.IsDBNull(7) ? null : reader.GetString(7),
        CausationId = reader.IsDBNull(8) ? null : reader.GetString(8),
        TraceParent = reader.IsDBNull(9) ? null : reader.GetString(9),
        TraceState = reader.IsDBNull(10) ? null : reader.GetString(10),
        Data = (byte[])reader.GetValue(11),
        Producer = Producer,
        Source = service,
    };

    private sealed class IdRow
    {
        public long Sequence { get; init; }

        public string EventId { get; init; } = "";
    }

    private sealed class HeadRow
    {
        public string Stream { get; init; } = "";

        public int Partition { get; init; }

        public long Assigned { get; init; }

        public long Confirmed { get; init; }

        public string? ConfirmedId { get; init; }
    }

    private sealed class CommandRow
    {
        public long Number { get; init; }

        public string Id { get; init; } = "";

        public string Name { get; init; } = "";

        public byte[] Body { get; init; } = [];

        public DateTimeOffset Time { get; init; }

        public string CausationId { get; init; } = "";

        public string? CorrelationId { get; init; }

        public string? TraceParent { get; init; }

        public string? TraceState { get; init; }
    }
}
