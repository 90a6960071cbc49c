using Dapper;
using FlowPlatform.Log;
using FlowPlatform.Stores;

namespace FlowPlatform.Storage.Sql;

/// <summary>What an operator should know about the log, in one private database.</summary>
internal static class SqlIncidents
{
    /// <summary>The newest are read; more than so many are no list but a state.</summary>
    private const int MaxRead = 1_000;

    /// <summary>Writes an incident once: what is read again after a reconnect is no news.</summary>
    public static async ValueTask RecordAsync(
        StoreTransaction transaction, string consumer, PartitionId partition, long mark, string kind, string detail, TimeProvider clock) => await transaction.ExecuteAsync(
        """
        INSERT INTO flow_incident (consumer, stream, partition, mark, kind, detail, noted_at) SELECT @consumer, @Stream, @Index, @mark, @kind, @detail, @now
        WHERE NOT EXISTS (
            SELECT 1 FROM flow_incident WHERE consumer = @consumer AND stream = @Stream AND partition = @Index AND kind = @kind AND detail = @detail)
        """,
        new { consumer, partition.Stream, partition.Index, mark, kind, detail, now = clock.GetUtcNow() });

    /// <summary>The newest, newest first.</summary>
    public static async Task<IReadOnlyList<Incident>> ReadAsync(IStore store, CancellationToken cancellationToken)
    {
        await using var connection = await store.OpenReadAsync(cancellationToken);
        var rows = await connection.QueryAsync<Row>(
            "SELECT consumer, stream, partition, mark, kind, detail, noted_at AS NotedAt FROM flow_incident ORDER BY id DESC LIMIT @MaxRead", new { MaxRead });
        return [.. rows.Select(row => new Incident(row.Consumer, new PartitionId(row.Stream, row.Partition), row.Mark, row.Kind, row.Detail, row.NotedAt))];
    }

    private sealed class Row
    {
        public string Consumer { get; init; } = "";

        public string Stream { get; init; } = "";

        public int Partition { get; init; }

        public long Mark { get; init; }

        public string Kind { get; init; } = "";

        public string Detail { get; init; } = "";

        public DateTimeOffset NotedAt { get; init; }
    }
}
