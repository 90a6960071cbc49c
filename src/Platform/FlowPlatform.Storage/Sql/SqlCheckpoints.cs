using System.Data.Common;
using Dapper;
using FlowPlatform.Log;
using FlowPlatform.Stores;

namespace FlowPlatform.Storage.Sql;

/// <summary>Checkpoints in one private database, in SQL that SQLite and Postgres understand alike.</summary>
internal sealed class SqlCheckpoints(IStore store, TimeProvider clock) : ICheckpoints
{
    /// <summary>Anchors are dense for as long as the outbox keeps confirmed rows; before that every second one goes when there are more than so many.</summary>
    private const int MaxSparse = 32;
    private static readonly TimeSpan Dense = TimeSpan.FromMinutes(15);

    public async Task<IReadOnlyList<CheckpointState>> LoadAsync(string consumer, CancellationToken cancellationToken)
    {
        await using var connection = await store.OpenReadAsync(cancellationToken);
        return await ReadAsync(connection, consumer);
    }

    public async ValueTask<CheckpointState> ClaimAsync(StoreTransaction transaction, Checkpoint fresh)
    {
        var claimed = await transaction.ExecuteAsync(
            """
            INSERT INTO flow_checkpoint (consumer, stream, partition, partitions, next_offset, epoch, mark, joined_at, last_offset, applied)
            VALUES (@Consumer, @Stream, @Index, @Partitions, 0, @Epoch, 0, 0, -1, 0)
            ON CONFLICT (consumer, stream, partition) DO UPDATE SET epoch = excluded.epoch WHERE flow_checkpoint.epoch < excluded.epoch
            """,
            new { fresh.Consumer, fresh.Partition.Stream, fresh.Partition.Index, fresh.Partitions, fresh.Epoch });
        // From now on the row is locked: what is read here nobody moves before this transaction ends.
        return claimed == 1
            ? await ReadAsync(transaction, fresh)
            : throw new OwnershipLostException(fresh.Consumer, fresh.Partition);
    }

    public async ValueTask<CheckpointState> CreateAsync(StoreTransaction transaction, Checkpoint checkpoint)
    {
        await transaction.ExecuteAsync(
            """
            INSERT INTO flow_checkpoint (consumer, stream, partition, partitions, next_offset, epoch, mark, joined_at, last_offset, applied)
            VALUES (@Consumer, @Stream, @Index, @Partitions, @NextOffset, @Epoch, @Mark, @JoinedAt, @LastOffset, @Applied)
            """,
            new
            {
                checkpoint.Consumer, checkpoint.Partition.Stream, checkpoint.Partition.Index, checkpoint.Partitions, checkpoint.NextOffset, checkpoint.Epoch,
                checkpoint.Mark, checkpoint.JoinedAt, checkpoint.LastOffset, checkpoint.Applied,
            });
        return await ReadAsync(transaction, checkpoint);
    }

    public async ValueTask MoveAsync(StoreTransaction transaction, Checkpoint from, Checkpoint to, Anchor? anchor)
    {
        var moved = await transaction.ExecuteAsync(
            """
            UPDATE flow_checkpoint
            SET next_offset = @NextOffset, producer = @Producer, mark = @Mark, mark_id = @MarkId, joined_at = @JoinedAt, last_offset = @LastOffset,
                last_event_id = @LastEventId, event_time = @EventTime, applied = @Applied, replay_to = @ReplayTo
            WHERE consumer = @Consumer AND stream = @Stream AND partition = @Index AND next_offset = @ReadOffset AND epoch = @ReadEpoch
            """,
            new
            {
                to.NextOffset, to.Producer, to.Mark, to.MarkId, to.JoinedAt, to.LastOffset, to.LastEventId, to.EventTime, to.Applied, to.ReplayTo,
                to.Consumer, to.Partition.Stream, to.Partition.Index, ReadOffset = from.NextOffset, ReadEpoch = from.Epoch,
            });
        if (moved != 1)
        {
            throw new OwnershipLostException(from.Consumer, from.Partition);
        }

        if (from.Producer is { } retired && retired != to.Producer)
        {
            await transaction.ExecuteAsync(
                """
                INSERT INTO flow_retired_mark (consumer, stream, partition, producer, mark) VALUES (@Consumer, @Stream, @Index, @retired, @Mark)
                ON CONFLICT (consumer, stream, partition, producer) DO UPDATE SET mark = excluded.mark
                """,
                new { from.Consumer, from.Partition.Stream, from.Partition.Index, retired, from.Mark });
        }

        if (anchor is { } added)
        {
            await AddAnchorAsync(transaction, to, added);
        }
    }

    public async ValueTask RecordIncidentAsync(StoreTransaction transaction, Checkpoint checkpoint, string kind, string detail) =>
        await SqlIncidents.RecordAsync(transaction, checkpoint.Consumer, checkpoint.Partition, checkpoint.Mark, kind, detail, clock);

    public Task<IReadOnlyList<Incident>> ReadIncidentsAsync(CancellationToken cancellationToken) => SqlIncidents.ReadAsync(store, cancellationToken);

    private static async Task<CheckpointState> ReadAsync(StoreTransaction transaction, Checkpoint of) =>
        (await ReadAsync(transaction.Connection, of.Consumer)).First(state => state.Checkpoint.Partition == of.Partition);

    private static async Task<IReadOnlyList<CheckpointState>> ReadAsync(DbConnection connection, string consumer)
    {
        var rows = await connection.QueryAsync<Row>(
            """
            SELECT stream, partition, partitions, next_offset AS NextOffset, epoch, producer, mark, mark_id AS MarkId, joined_at AS JoinedAt, last_offset AS LastOffset,
                   last_event_id AS LastEventId, event_time AS EventTime, applied, replay_to AS ReplayTo
            FROM flow_checkpoint WHERE consumer = @consumer
            """,
            new { consumer });
        var anchors = (await connection.QueryAsync<AnchorRow>(
            """SELECT stream, partition, "offset", event_id AS EventId, committed_at AS CommittedAt FROM flow_anchor WHERE consumer = @consumer ORDER BY "offset" DESC""",
            new { consumer })).ToLookup(row => new PartitionId(row.Stream, row.Partition), row => new Anchor(row.Offset, row.EventId, row.CommittedAt));
        var retired = (await connection.QueryAsync<RetiredRow>(
            "SELECT stream, partition, producer, mark FROM flow_retired_mark WHERE consumer = @consumer",
            new { consumer })).ToLookup(row => new PartitionId(row.Stream, row.Partition));
        var parked = (await connection.QueryAsync<ParkedKeyRow>($"{ParkedKeyRow.Select} WHERE consumer = @consumer", new { consumer })).Select(row => row.ToKey()).ToLookup(key => key.Place.Partition);
        var discarded = (await connection.QueryAsync<string>("SELECT event_id FROM flow_discarded WHERE consumer = @consumer", new { consumer })).ToHashSet(StringComparer.Ordinal);
        return [.. rows.Select(row => row.ToCheckpoint(consumer)).Select(checkpoint => new CheckpointState(
            checkpoint, [.. anchors[checkpoint.Partition]], retired[checkpoint.Partition].ToDictionary(row => row.Producer, row => row.Mark))
        {
            Parked = [.. parked[checkpoint.Partition]],
            Discarded = discarded,
        })];
    }

    private static async Task AddAnchorAsync(StoreTransaction transaction, Checkpoint checkpoint, Anchor anchor)
    {
        var place = new
        {
            checkpoint.Consumer, checkpoint.Partition.Stream, checkpoint.Partition.Index, anchor.Offset, anchor.EventId, anchor.CommittedAt,
            Cutoff = anchor.CommittedAt - Dense, MaxSparse,
        };
        await transaction.ExecuteAsync(
            """
            INSERT INTO flow_anchor (consumer, stream, partition, "offset", event_id, committed_at) VALUES (@Consumer, @Stream, @Index, @Offset, @EventId, @CommittedAt)
            ON CONFLICT (consumer, stream, partition, "offset") DO UPDATE SET event_id = excluded.event_id, committed_at = excluded.committed_at
            """,
            place);
        await transaction.ExecuteAsync(
            """
            WITH sparse AS (
                SELECT "offset", row_number() OVER (ORDER BY "offset") AS number, count(*) OVER () AS total
                FROM flow_anchor WHERE consumer = @Consumer AND stream = @Stream AND partition = @Index AND committed_at < @Cutoff)
            DELETE FROM flow_anchor WHERE consumer = @Consumer AND stream = @Stream AND partition = @Index
                AND "offset" IN (SELECT "offset" FROM sparse WHERE total > @MaxSparse AND number % 2 = 0)
            """,
            place);
    }

    private sealed class Row
    {
        public string Stream { get; init; } = "";

        public int Partition { get; init; }

        public int Partitions { get; init; }

        public long NextOffset { get; init; }

        public long Epoch { get; init; }

        public string? Producer { get; init; }

        public long Mark { get; init; }

        public string? MarkId { get; init; }

        public long JoinedAt { get; init; }

        public long LastOffset { get; init; }

        public string? LastEventId { get; init; }

        public DateTimeOffset? EventTime { get; init; }

        public long Applied { get; init; }

        public long? ReplayTo { get; init; }

        public Checkpoint ToCheckpoint(string consumer) => new()
        {
            Consumer = consumer, Partition = new PartitionId(Stream, Partition), Partitions = Partitions, NextOffset = NextOffset, Epoch = Epoch, Producer = Producer,
            Mark = Mark, MarkId = MarkId, JoinedAt = JoinedAt, LastOffset = LastOffset, LastEventId = LastEventId, EventTime = EventTime, Applied = Applied,
            ReplayTo = ReplayTo,
        };
    }

    private sealed class AnchorRow
    {
        public string Stream { get; init; } = "";

        public int Partition { get; init; }

        public long Offset { get; init; }

        public string EventId { get; init; } = "";

        public DateTimeOffset CommittedAt { get; init; }
    }

    private sealed class RetiredRow
    {
        public string Stream { get; init; } = "";

        public int Partition { get; init; }

        public string Producer { get; init; } = "";

        public long Mark { get; init; }
    }
}
