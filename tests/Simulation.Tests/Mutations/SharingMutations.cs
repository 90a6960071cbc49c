using FlowPlatform.Stores;

namespace FlowPlatform.Simulation;

/// <summary>C4: whoever has the offset right may move the checkpoint, whatever epoch he took it over in.</summary>
internal sealed class NoEpoch : CheckpointMutation
{
    public override string Rule => "C4 (epoch)";

    protected override ICheckpoints Change(SimulatedStore store, World world) => new Unfenced(store.Checkpoints);

    private sealed class Unfenced(ICheckpoints inner) : CheckpointsWrapper(inner)
    {
        public override ValueTask MoveAsync(StoreTransaction transaction, Checkpoint from, Checkpoint to, Anchor? anchor)
        {
            var now = ((SimulatedConnection)transaction.Connection).View.Checkpoints[(from.Consumer, from.Partition)].Checkpoint;
            return base.MoveAsync(transaction, @from with { Epoch = now.Epoch }, to with { Epoch = now.Epoch }, anchor);
        }
    }
}

/// <summary>C4: a take-over raises the lease's epoch, and leaves the checkpoint's as it is.</summary>
internal sealed class LeaseOnly : CheckpointMutation
{
    public override string Rule => "C4 (epoch on the checkpoint)";

    protected override ICheckpoints Change(SimulatedStore store, World world) => new Unraised(store.Checkpoints);

    private sealed class Unraised(ICheckpoints inner) : CheckpointsWrapper(inner)
    {
        public override async ValueTask<CheckpointState> ClaimAsync(StoreTransaction transaction, Checkpoint fresh)
        {
            var connection = (SimulatedConnection)transaction.Connection;
            var key = (fresh.Consumer, fresh.Partition);
            var before = connection.View.Checkpoints.GetValueOrDefault(key);
            var claimed = await base.ClaimAsync(transaction, fresh);
            if (before is null)
            {
                return claimed;
            }

            var kept = claimed.Checkpoint with { Epoch = before.Checkpoint.Epoch };
            connection.Change(snapshot => snapshot with { Checkpoints = snapshot.Checkpoints.SetItem(key, snapshot.Checkpoints[key] with { Checkpoint = kept }) });
            return claimed with { Checkpoint = kept };
        }
    }
}

/// <summary>C4: the database lets a paused owner keep its transaction open, and its rows locked.</summary>
internal sealed class NoIdleLimit : Mutation
{
    public override string Rule => "C4 (time limits)";

    public override bool EndsIdle => false;
}

/// <summary>C4: a lease doesn't end with its owner.</summary>
internal sealed class ForEver : Mutation
{
    public override string Rule => "C4 (term)";

    public override IServiceStore Main(SimulatedStore main, World world) => main.Leases is { } leases ? new StoreWith(main) { OtherLeases = new Kept(leases) } : main;

    private sealed class Kept(ILeases inner) : LeasesWrapper(inner)
    {
        public override ValueTask<long?> TakeAsync(StoreTransaction transaction, LeaseUnit unit, string member)
        {
            var lease = ((SimulatedConnection)transaction.Connection).View.Leases.Find(known => known.Unit == unit);
            return lease?.Owner is { } owner && owner != member ? ValueTask.FromResult<long?>(null) : base.TakeAsync(transaction, unit, member);
        }
    }
}
