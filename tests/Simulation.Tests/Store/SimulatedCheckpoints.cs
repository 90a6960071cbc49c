using FlowPlatform.Log;
using FlowPlatform.Stores;

namespace FlowPlatform.Simulation;

/// <summary>Checkpoints in a simulated database: compare-and-set on next offset and epoch, like the real ones'.</summary>
internal sealed class SimulatedCheckpoints(SimulatedStore store) : ICheckpoints
{
    /// <summary>The epoch comes with the checkpoints. Who finds that another has taken the consumer over waits, as for a lease that doesn't end.</summary>
    public async Task<IReadOnlyList<CheckpointState>> LoadAsync(string consumer, CancellationToken cancellationToken)
    {
        var loaded = await store.ReadAsync<IReadOnlyList<CheckpointState>?>(
            snapshot => store.Owns(consumer)
                ? [.. snapshot.Checkpoints.Where(row => row.Key.Consumer == consumer).Select(row => row.Value).OrderBy(state => state.Checkpoint.Partition)]
                : null,
            cancellationToken);
        return loaded ?? await new TaskCompletionSource<IReadOnlyList<CheckpointState>>().Task.WaitAsync(cancellationToken);
    }

    public async ValueTask CreateAsync(StoreTransaction transaction, Checkpoint checkpoint)
    {
        var connection = (SimulatedConnection)transaction.Connection;
        await connection.StatementAsync();
        var working = connection.Working;
        connection.Working = working with
        {
            Checkpoints = working.Checkpoints.Add((checkpoint.Consumer, checkpoint.Partition), new CheckpointState(checkpoint, [], new Dictionary<string, long>())),
        };
    }

    public async ValueTask<CheckpointState> ClaimAsync(StoreTransaction transaction, Checkpoint fresh)
    {
        var connection = (SimulatedConnection)transaction.Connection;
        await connection.StatementAsync();
        var key = (fresh.Consumer, fresh.Partition);
        var found = connection.Working.Checkpoints.GetValueOrDefault(key);
        if (found is not null && found.Checkpoint.Epoch >= fresh.Epoch)
        {
            throw new OwnershipLostException(fresh.Consumer, fresh.Partition);
        }

        var claimed = found is null
            ? new CheckpointState(fresh, [], new Dictionary<string, long>())
            : found with { Checkpoint = found.Checkpoint with { Epoch = fresh.Epoch } };
        connection.Working = connection.Working with { Checkpoints = connection.Working.Checkpoints.SetItem(key, claimed) };
        return claimed;
    }

    public async ValueTask MoveAsync(StoreTransaction transaction, Checkpoint from, Checkpoint to, Anchor? anchor)
    {
        var connection = (SimulatedConnection)transaction.Connection;
        await connection.StatementAsync();
        var working = connection.Working;
        var key = (from.Consumer, from.Partition);
        var found = working.Checkpoints.GetValueOrDefault(key);
        if (found is null || found.Checkpoint.NextOffset != from.NextOffset || found.Checkpoint.Epoch != from.Epoch)
        {
            throw new OwnershipLostException(from.Consumer, from.Partition);
        }

        connection.Working = working with { Checkpoints = working.Checkpoints.SetItem(key, Moved(found, from, to, anchor)) };
    }

    public async ValueTask RecordIncidentAsync(StoreTransaction transaction, Checkpoint checkpoint, string kind, string detail)
    {
        var connection = (SimulatedConnection)transaction.Connection;
        await connection.StatementAsync();
        connection.Working = connection.Working with { Incidents = connection.Working.Incidents + 1 };
    }

    public static CheckpointState Moved(CheckpointState found, Checkpoint from, Checkpoint to, Anchor? anchor)
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
