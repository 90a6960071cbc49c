using System.Data.Common;
using Dapper;
using FlowPlatform.Stores;

namespace FlowPlatform.Storage.Sql;

/// <summary>A new incarnation of an outbox, and what the log has that it must not emit again (rules P2, P3).</summary>
internal static class SqlAdoption
{
    /// <summary>Ids in one question.</summary>
    private const int MaxIds = 500;

    /// <summary>Starts the incarnation: rows that are in the log go, the others get sequences from 1 in the order they had.</summary>
    public static async Task WriteAsync(StoreTransaction transaction, OutboxAdoption adoption, DateTimeOffset now)
    {
        await transaction.ExecuteAsync(
            "INSERT INTO flow_adopted (event_id, stream, partition, producer, sequence, adopted_at) VALUES (@Id, @Stream, @Index, @Producer, @Sequence, @now) ON CONFLICT (event_id) DO NOTHING",
            adoption.Beyond.Select(item => new { item.Id, item.Partition.Stream, item.Partition.Index, item.Producer, item.Sequence, now }).ToList());
        foreach (var (partition, common) in adoption.Common)
        {
            var place = new { partition.Stream, partition.Index, common };
            await transaction.ExecuteAsync(
                """
                DELETE FROM flow_outbox WHERE stream = @Stream AND partition = @Index AND (sequence <= @common OR event_id IN (SELECT event_id FROM flow_adopted))
                """,
                place);

            // By way of negative numbers, for no two rows may have the same in between.
            await transaction.ExecuteAsync(
                """
                UPDATE flow_outbox SET sequence = -numbered.number
                FROM (SELECT sequence AS old, row_number() OVER (ORDER BY sequence) AS number FROM flow_outbox WHERE stream = @Stream AND partition = @Index) AS numbered
                WHERE stream = @Stream AND partition = @Index AND sequence = numbered.old
                """,
                place);
            await transaction.ExecuteAsync("UPDATE flow_outbox SET sequence = -sequence WHERE stream = @Stream AND partition = @Index", place);
            await transaction.ExecuteAsync(
                """
                UPDATE flow_outbox_head SET assigned = (SELECT count(*) FROM flow_outbox WHERE stream = @Stream AND partition = @Index), confirmed = 0, confirmed_id = NULL
                WHERE stream = @Stream AND partition = @Index
                """,
                place);
        }

        await transaction.ExecuteAsync(
            "INSERT INTO flow_meta (key, value) VALUES (@key, @value) ON CONFLICT (key) DO UPDATE SET value = excluded.value",
            new[] { new { key = "incarnation", value = adoption.Incarnation }, new { key = "incarnation-since", value = DapperTypes.ToText(now) } });
    }

    /// <summary>
    /// Leaves out what the log has already: a reactor of a restored store decides again what it had decided, under the same ids (rule P7). Asked only for what has a cause, for other ids are never made twice.
    /// </summary>
    public static async Task<List<PendingEvent>> WithoutAdoptedAsync(DbConnection connection, List<PendingEvent> events)
    {
        HashSet<string> adopted = [];
        foreach (var ids in events.Where(item => item.Event.CausationId is not null).Select(item => item.Event.Id).Chunk(MaxIds))
        {
            adopted.UnionWith(await connection.QueryAsync<string>("SELECT event_id FROM flow_adopted WHERE event_id IN @ids", new { ids }));
        }

        return adopted.Count == 0 ? events : events.FindAll(item => !adopted.Contains(item.Event.Id));
    }
}
