using System.Text;
using Dapper;
using FlowPlatform.Log;
using FlowPlatform.Stores;

namespace FlowPlatform.Storage.Sql;

/// <summary>Parked events in one private database, in SQL that SQLite and Postgres understand alike.</summary>
internal sealed class SqlParking(IStore store, TimeProvider clock) : IParking
{
    private const string Redrive = "redrive";
    private const string Discard = "discard";
    private const string Place = "consumer = @Consumer AND stream = @Stream AND partition = @Index AND key = @Key";

    public Pulse Requested { get; } = new();

    public async Task<IReadOnlyList<ParkedKey>> ReadKeysAsync(ParkedKeyQuery query, CancellationToken cancellationToken)
    {
        var sql = new StringBuilder(ParkedKeyRow.Select).Append(" WHERE consumer = @Consumer");
        sql.Append(query.Stream is null ? "" : " AND stream = @Stream").Append(query.Partition is null ? "" : " AND partition = @Index").Append(query.Key is null ? "" : " AND key = @Key");
        sql.Append(query.After is null ? "" : " AND (stream, partition, key) > (@AfterStream, @AfterIndex, @AfterKey)").Append(" ORDER BY stream, partition, key LIMIT @Max");
        var after = query.After.GetValueOrDefault();
        return await ReadAsync(
            sql.ToString(),
            new
            {
                query.Consumer, query.Stream, Index = query.Partition, query.Key, AfterStream = after.Partition.Stream, AfterIndex = after.Partition.Index, AfterKey = after.Key, query.Max,
            },
            cancellationToken);
    }

    public async Task<ParkedKey?> FindKeyAsync(ParkedPlace place, CancellationToken cancellationToken) =>
        await ReadAsync($"{ParkedKeyRow.Select} WHERE {Place}", Of(place), cancellationToken) is [var key] ? key : null;

    public Task<IReadOnlyList<ParkedKey>> ReadRequestsAsync(string consumer, CancellationToken cancellationToken) =>
        ReadAsync($"{ParkedKeyRow.Select} WHERE consumer = @consumer AND request IS NOT NULL ORDER BY request_at, stream, partition, key", new { consumer }, cancellationToken);

    public async Task<IReadOnlyList<ParkedEvent>> ReadEventsAsync(ParkedPlace place, long after, int max, CancellationToken cancellationToken)
    {
        await using var connection = await store.OpenReadAsync(cancellationToken);
        var rows = await connection.QueryAsync<ParkedEventRow>(new CommandDefinition(
            $"{ParkedEventRow.Select} WHERE {Place} AND number > @after ORDER BY number LIMIT @max",
            new { place.Consumer, place.Partition.Stream, place.Partition.Index, place.Key, after, max },
            cancellationToken: cancellationToken));
        return [.. rows.Select(row => row.ToEvent(place))];
    }

    public async ValueTask ParkAsync(StoreTransaction transaction, string consumer, LogRecord record, ParkReason reason)
    {
        await transaction.ExecuteAsync(
            """
            INSERT INTO flow_parked_key (consumer, stream, partition, key, events, appended, since, exception, message, stack, failures)
            VALUES (@consumer, @Stream, @Index, @Key, 1, 1, @now, @Exception, @Message, @Stack, 1)
            """,
            new { consumer, record.Partition.Stream, record.Partition.Index, record.Event.Key, now = clock.GetUtcNow(), reason.Exception, reason.Message, reason.Stack });
        await transaction.ExecuteAsync(ParkedEventRow.Insert, ParkedEventRow.Of(consumer, new NumberedRecord(1, record), clock.GetUtcNow()));
    }

    public async ValueTask HoldAsync(StoreTransaction transaction, string consumer, IReadOnlyList<NumberedRecord> records)
    {
        var now = clock.GetUtcNow();
        await transaction.ExecuteAsync(ParkedEventRow.Insert, records.Select(record => ParkedEventRow.Of(consumer, record, now)).ToList());
        await transaction.ExecuteAsync(
            $"UPDATE flow_parked_key SET events = events + @count, appended = @last WHERE {Place}",
            records.GroupBy(item => (item.Record.Partition, item.Record.Event.Key)).OrderBy(group => group.Key).Select(group => new
            {
                Consumer = consumer, group.Key.Partition.Stream, group.Key.Partition.Index, group.Key.Key, count = group.Count(), last = group.Max(item => item.Number),
            }).ToList());
    }

    public async ValueTask<ParkedTotal> CountAsync(StoreTransaction transaction, string consumer)
    {
        var row = await transaction.QuerySingleOrDefaultAsync<TotalRow>(
            "SELECT count(*) AS Keys, CAST(coalesce(sum(events), 0) AS bigint) AS Events FROM flow_parked_key WHERE consumer = @consumer", new { consumer });
        return new ParkedTotal(row!.Keys, row.Events);
    }

    public async ValueTask<bool> RemoveAsync(StoreTransaction transaction, ParkedPlace place, IReadOnlyList<long> numbers)
    {
        var removed = await transaction.ExecuteAsync(
            $"DELETE FROM flow_parked WHERE {Place} AND number = @number",
            numbers.Select(number => new { place.Consumer, place.Partition.Stream, place.Partition.Index, place.Key, number }).ToList());
        var changed = await transaction.ExecuteAsync(
            $"UPDATE flow_parked_key SET events = events - @count WHERE {Place}", new { place.Consumer, place.Partition.Stream, place.Partition.Index, place.Key, count = numbers.Count });
        if (removed != numbers.Count || changed != 1)
        {
            throw new OwnershipLostException(place.Consumer, place.Partition);
        }

        return await transaction.ExecuteAsync($"DELETE FROM flow_parked_key WHERE {Place} AND events = 0", Of(place)) == 1;
    }

    public async ValueTask FailAsync(StoreTransaction transaction, ParkedPlace place, ParkReason reason) => await transaction.ExecuteAsync(
        $"UPDATE flow_parked_key SET exception = @Exception, message = @Message, stack = @Stack, failures = failures + 1, request = NULL WHERE {Place}",
        new { place.Consumer, place.Partition.Stream, place.Partition.Index, place.Key, reason.Exception, reason.Message, reason.Stack });

    public async ValueTask SkipAsync(StoreTransaction transaction, string consumer, IReadOnlyList<string> eventIds) => await transaction.ExecuteAsync(
        "INSERT INTO flow_discarded (consumer, event_id) VALUES (@consumer, @id) ON CONFLICT (consumer, event_id) DO NOTHING", eventIds.Select(id => new { consumer, id }).ToList());

    public async ValueTask<bool> RequestAsync(StoreTransaction transaction, ParkedPlace place, ParkingRequest request) => await transaction.ExecuteAsync(
        $"""
        UPDATE flow_parked_key SET request = @verb, request_id = @Id, request_actor = @Actor, request_reason = @Reason, request_at = @At, request_event = @EventId, request_up_to = appended
        WHERE {Place} AND request IS NULL
        """,
        new
        {
            place.Consumer, place.Partition.Stream, place.Partition.Index, place.Key,
            verb = request.Verb == ParkingVerb.Redrive ? Redrive : Discard, request.Id, request.Actor, request.Reason, request.At, request.EventId,
        }) == 1;

    public async ValueTask EndRequestAsync(StoreTransaction transaction, ParkedPlace place, bool redriveTheRest) => await transaction.ExecuteAsync(
        redriveTheRest ? $"UPDATE flow_parked_key SET request = '{Redrive}' WHERE {Place}" : $"UPDATE flow_parked_key SET request = NULL WHERE {Place}", Of(place));

    private static object Of(ParkedPlace place) => new { place.Consumer, place.Partition.Stream, place.Partition.Index, place.Key };

    private async Task<IReadOnlyList<ParkedKey>> ReadAsync(string sql, object parameters, CancellationToken cancellationToken)
    {
        await using var connection = await store.OpenReadAsync(cancellationToken);
        return [.. (await connection.QueryAsync<ParkedKeyRow>(new CommandDefinition(sql, parameters, cancellationToken: cancellationToken))).Select(row => row.ToKey())];
    }

    private sealed class TotalRow
    {
        public long Keys { get; init; }

        public long Events { get; init; }
    }
}
