using System.Text;
using Dapper;
using FlowPlatform.Log;
using FlowPlatform.Stores;

namespace FlowPlatform.Storage.Sql;

/// <summary>What operators did, in a service's main store.</summary>
internal sealed class SqlAudit(IStore main) : IAudit
{
    public async ValueTask WriteAsync(StoreTransaction transaction, AuditEntry entry) => await transaction.ExecuteAsync(
        """
        INSERT INTO flow_audit (id, noted_at, actor, action, reason, consumer, stream, partition, key, detail)
        VALUES (@Id, @At, @Actor, @Action, @Reason, @Consumer, @Stream, @Index, @Key, @Detail) ON CONFLICT (id) DO NOTHING
        """,
        new { entry.Id, entry.At, entry.Actor, entry.Action, entry.Reason, entry.Consumer, entry.Partition?.Stream, entry.Partition?.Index, entry.Key, entry.Detail });

    public async Task<IReadOnlyList<AuditEntry>> ReadAsync(string? consumer, long? before, int max, CancellationToken cancellationToken)
    {
        var sql = new StringBuilder("SELECT number, id, noted_at AS At, actor, action, reason, consumer, stream, partition, key, detail FROM flow_audit WHERE number > 0")
            .Append(consumer is null ? "" : " AND consumer = @consumer").Append(before is null ? "" : " AND number < @before").Append(" ORDER BY number DESC LIMIT @max");
        await using var connection = await main.OpenReadAsync(cancellationToken);
        var rows = await connection.QueryAsync<Row>(new CommandDefinition(sql.ToString(), new { consumer, before, max }, cancellationToken: cancellationToken));
        return [.. rows.Select(row => row.ToEntry())];
    }

    private sealed class Row
    {
        public long Number { get; init; }

        public string Id { get; init; } = "";

        public DateTimeOffset At { get; init; }

        public string Actor { get; init; } = "";

        public string Action { get; init; } = "";

        public string? Reason { get; init; }

        public string? Consumer { get; init; }

        public string? Stream { get; init; }

        public int? Partition { get; init; }

        public string? Key { get; init; }

        public string? Detail { get; init; }

        public AuditEntry ToEntry() => new(Id, At, Actor, Action, Reason, Detail)
        {
            Number = Number, Consumer = Consumer, Key = Key, Partition = Stream is not null && Partition is { } index ? new PartitionId(Stream, index) : null,
        };
    }
}

/// <summary>Events that operators gave up, in a service's main store.</summary>
internal sealed class SqlDiscards(IStore main, TimeProvider clock) : IDiscards
{
    public async ValueTask AddAsync(StoreTransaction transaction, ParkedPlace place, ParkingRequest request, IReadOnlyList<string> eventIds)
    {
        var now = clock.GetUtcNow();
        await transaction.ExecuteAsync(
            """
            INSERT INTO flow_discard (consumer, event_id, stream, partition, key, request_id, actor, reason, discarded_at)
            VALUES (@Consumer, @eventId, @Stream, @Index, @Key, @Id, @Actor, @Reason, @now) ON CONFLICT (consumer, event_id) DO NOTHING
            """,
            eventIds.Select(eventId => new
            {
                place.Consumer, eventId, place.Partition.Stream, place.Partition.Index, place.Key, request.Id, request.Actor, request.Reason, now,
            }).ToList());
    }

    public async Task<IReadOnlyList<string>> ReadAsync(string consumer, CancellationToken cancellationToken)
    {
        await using var connection = await main.OpenReadAsync(cancellationToken);
        return [.. await connection.QueryAsync<string>(new CommandDefinition("SELECT event_id FROM flow_discard WHERE consumer = @consumer", new { consumer }, cancellationToken: cancellationToken))];
    }
}
