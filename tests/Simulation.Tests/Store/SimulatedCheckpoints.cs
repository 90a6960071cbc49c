using FlowPlatform.Log;
using FlowPlatform.Stores;

namespace FlowPlatform.Simulation;

/// <summary>Checkpoints in a simulated database: compare-and-set on next offset and epoch, like the real ones'.</summary>
internal sealed class SimulatedCheckpoints(SimulatedStore store) : ICheckpoints
{
    public Task<IReadOnlyList<CheckpointState>> LoadAsync(string consumer, CancellationToken cancellationToken) => store.ReadAsync<IReadOnlyList<CheckpointState>>(
        snapshot => [.. snapshot.Checkpoints.Where(row => row.Key.Consumer == consumer).OrderBy(row => row.Key.Partition).Select(row => Whole(snapshot, row.Value))], cancellationToken);

    public async ValueTask<CheckpointState> CreateAsync(StoreTransaction transaction, Checkpoint checkpoint)
    {
        var connection = (SimulatedConnection)transaction.Connection;
        await connection.LockAsync(Row.Checkpoint(checkpoint.Consumer, checkpoint.Partition));
        var created = new CheckpointState(checkpoint, [], new Dictionary<string, long>());
        Set(connection, created, claim: true);
        return Whole(await connection.ReadAsync(), created);
    }

    public async ValueTask<CheckpointState> ClaimAsync(StoreTransaction transaction, Checkpoint fresh)
    {
        var connection = (SimulatedConnection)transaction.Connection;
        var seen = await connection.LockAsync(Row.Checkpoint(fresh.Consumer, fresh.Partition));
        var found = seen.Checkpoints.GetValueOrDefault((fresh.Consumer, fresh.Partition));
        if (found is not null && found.Checkpoint.Epoch >= fresh.Epoch)
        {
            throw new OwnershipLostException(fresh.Consumer, fresh.Partition);
        }

        var claimed = found is null
            ? new CheckpointState(fresh, [], new Dictionary<string, long>())
            : found with { Checkpoint = found.Checkpoint with { Epoch = fresh.Epoch } };
        Set(connection, claimed, claim: true);
        return Whole(await connection.ReadAsync(), claimed);
    }

    public async ValueTask MoveAsync(StoreTransaction transaction, Checkpoint from, Checkpoint to, Anchor? anchor)
    {
        var connection = (SimulatedConnection)transaction.Connection;
        var key = (from.Consumer, from.Partition);
        var seen = await connection.LockAsync(Row.Checkpoint(from.Consumer, from.Partition));
        var found = seen.Checkpoints.GetValueOrDefault(key);
        if (found is null || found.Checkpoint.NextOffset != from.NextOffset || found.Checkpoint.Epoch != from.Epoch)
        {
            throw new OwnershipLostException(from.Consumer, from.Partition);
        }

        if (store.Database.WatchesOwners && seen.Claimed[key] != store.Lane.Number)
        {
            store.Database.Violations.Add($"{store.Lane.Name} moves {from.Consumer} on {from.Partition}, which another has taken over since");
        }

        Set(connection, Moved(found, from, to, anchor), claim: false);
    }

    public async ValueTask RecordIncidentAsync(StoreTransaction transaction, Checkpoint checkpoint, string kind, string detail)
    {
        var connection = (SimulatedConnection)transaction.Connection;
        await connection.LockAsync(new Row("incident", checkpoint.Consumer, checkpoint.Partition));
        connection.Change(snapshot => snapshot with { Incidents = snapshot.Incidents + 1 });
    }

    private void Set(SimulatedConnection connection, CheckpointState state, bool claim)
    {
        var key = (state.Checkpoint.Consumer, state.Checkpoint.Partition);
        connection.Change(snapshot => snapshot with
        {
            Checkpoints = snapshot.Checkpoints.SetItem(key, state),
            Claimed = claim ? snapshot.Claimed.SetItem(key, store.Lane.Number) : snapshot.Claimed,
        });
    }

    private static CheckpointState Whole(Snapshot snapshot, CheckpointState state)
    {
        var (consumer, partition) = (state.Checkpoint.Consumer, state.Checkpoint.Partition);
        return snapshot.Parked.IsEmpty && snapshot.Skipped.IsEmpty ? state : state with
        {
            Parked = [.. snapshot.Parked.Where(row => row.Key.Consumer == consumer && row.Key.Partition == partition).Select(row => row.Value.Key)],
            Discarded = snapshot.Skipped.Where(skipped => skipped.Consumer == consumer).Select(skipped => skipped.EventId).ToHashSet(StringComparer.Ordinal),
        };
    }

    private static CheckpointState Moved(CheckpointState found, Checkpoint from, Checkpoint to, Anchor? anchor)
    {
        var retired = found.RetiredMarks;
        if (from.Producer is { } before && before != to.Producer)
        {
            retired = new Dictionary<string, long>(retired, StringComparer.Ordinal) { [before] = from.Mark };
        }

        IReadOnlyList<Anchor> anchors = anchor is { } added ? [added, .. found.Anchors.Where(other => other.Offset != added.Offset)] : found.Anchors;
        return new CheckpointState(to, [.. anchors.OrderByDescending(other => other.Offset)], retired);
    }
}
