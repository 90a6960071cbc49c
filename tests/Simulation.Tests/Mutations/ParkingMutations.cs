using FlowPlatform.Log;
using FlowPlatform.Stores;

namespace FlowPlatform.Simulation;

/// <summary>A mutation of what is parked, wherever that is.</summary>
internal abstract class ParkingMutation : Mutation
{
    public sealed override IServiceStore Main(SimulatedStore main, World world) => Change(main);

    public sealed override IStore Generation(SimulatedStore generation, SimulatedStore main, World world) => Change(generation);

    protected abstract StoreWith Change(SimulatedStore store);
}

/// <summary>C7: who attaches doesn't know what is parked, so that later events of a key overtake those that wait.</summary>
internal sealed class ForgetsParked : ParkingMutation
{
    public override string Rule => "C7 (order of a key)";

    protected override StoreWith Change(SimulatedStore store) => new(store) { OtherCheckpoints = new Forgetful(store.Checkpoints) };

    private sealed class Forgetful(ICheckpoints inner) : CheckpointsWrapper(inner)
    {
        public override async Task<IReadOnlyList<CheckpointState>> LoadAsync(string consumer, CancellationToken cancellationToken) =>
            [.. (await base.LoadAsync(consumer, cancellationToken)).Select(state => state with { Parked = [] })];

        public override async ValueTask<CheckpointState> ClaimAsync(StoreTransaction transaction, Checkpoint fresh) => (await base.ClaimAsync(transaction, fresh)) with { Parked = [] };
    }
}

/// <summary>C7: an event is parked by itself, not in the transaction that moves the checkpoint past it.</summary>
internal sealed class ParkedApart : ParkingMutation
{
    public override string Rule => "C7 (one transaction)";

    protected override StoreWith Change(SimulatedStore store) => new(store) { OtherParking = new Apart(store.Parking, store.Database) };

    private sealed class Apart(IParking inner, Database database) : ParkingWrapper(inner)
    {
        public override async ValueTask ParkAsync(StoreTransaction transaction, string consumer, LogRecord record, ParkReason reason)
        {
            await base.ParkAsync(transaction, consumer, record, reason);
            database.Commit(database.Current with { Parked = ((SimulatedConnection)transaction.Connection).View.Parked });
        }
    }
}

/// <summary>C7: a key is free before what waits behind it is applied, and not in one transaction with that.</summary>
internal sealed class RemovedApart : ParkingMutation
{
    public override string Rule => "C7 (redrive)";

    protected override StoreWith Change(SimulatedStore store) => new(store) { OtherParking = new Apart(store.Parking, store.Database) };

    private sealed class Apart(IParking inner, Database database) : ParkingWrapper(inner)
    {
        public override async ValueTask<bool> RemoveAsync(StoreTransaction transaction, ParkedPlace place, IReadOnlyList<long> numbers)
        {
            var emptied = await base.RemoveAsync(transaction, place, numbers);
            database.Commit(database.Current with { Parked = ((SimulatedConnection)transaction.Connection).View.Parked });
            return emptied;
        }
    }
}

/// <summary>C7: what was given up is not kept in the main store, so that a generation that loses its last commits, or is made anew, applies it.</summary>
internal sealed class ForgetsDiscards : ParkingMutation
{
    public override string Rule => "C7 (discards)";

    protected override StoreWith Change(SimulatedStore store) => new(store) { OtherDiscards = new Forgetful(store.Discards) };

    private sealed class Forgetful(IDiscards inner) : IDiscards
    {
        public ValueTask AddAsync(StoreTransaction transaction, ParkedPlace place, ParkingRequest request, IReadOnlyList<string> eventIds) => inner.AddAsync(transaction, place, request, eventIds);

        public Task<IReadOnlyList<string>> ReadAsync(string consumer, CancellationToken cancellationToken) => Task.FromResult<IReadOnlyList<string>>([]);
    }
}
