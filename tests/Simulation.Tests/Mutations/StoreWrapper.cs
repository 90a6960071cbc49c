using System.Data.Common;
using FlowPlatform.Log;
using FlowPlatform.Stores;

namespace FlowPlatform.Simulation;

/// <summary>A store that does what another does, but for what a derived one changes.</summary>
internal abstract class StoreWrapper(SimulatedStore inner) : IServiceStore
{
    public virtual ICheckpoints Checkpoints => inner.Checkpoints;

    public virtual IParking Parking => inner.Parking;

    public virtual IAudit Audit => inner.Audit;

    public virtual IDiscards Discards => inner.Discards;

    public virtual IOutbox Outbox => inner.Outbox;

    public virtual ILeases? Leases => inner.Leases;

    public bool LocksKeys => inner.LocksKeys;

    protected SimulatedStore Inner => inner;

    public Task<T> WriteAsync<T>(Func<StoreTransaction, ValueTask<T>> work, CancellationToken cancellationToken) => inner.WriteAsync(work, cancellationToken);

    public Task<T> WriteAsync<T>(IReadOnlyCollection<string> keys, Func<StoreTransaction, ValueTask<T>> work, CancellationToken cancellationToken) => inner.WriteAsync(keys, work, cancellationToken);

    public ValueTask<DbConnection> OpenReadAsync(CancellationToken cancellationToken) => inner.OpenReadAsync(cancellationToken);

    public Task OpenAsync(CancellationToken cancellationToken) => inner.OpenAsync(cancellationToken);

    public Task<IStore> OpenGenerationAsync(string projection, IReadOnlyList<Migration> migrations, CancellationToken cancellationToken) =>
        inner.OpenGenerationAsync(projection, migrations, cancellationToken);

    public virtual Task<bool> IsHandledAsync(Guid commandId, CancellationToken cancellationToken) => inner.IsHandledAsync(commandId, cancellationToken);

    public virtual ValueTask<bool> TryMarkHandledAsync(StoreTransaction transaction, Guid commandId, string handler) => inner.TryMarkHandledAsync(transaction, commandId, handler);

    public ValueTask DisposeAsync() => inner.DisposeAsync();
}

/// <summary>A store with other parts.</summary>
internal sealed class StoreWith(SimulatedStore inner) : StoreWrapper(inner)
{
    public ICheckpoints? OtherCheckpoints { get; init; }

    public IParking? OtherParking { get; init; }

    public IDiscards? OtherDiscards { get; init; }

    public IOutbox? OtherOutbox { get; init; }

    public ILeases? OtherLeases { get; init; }

    public override ICheckpoints Checkpoints => OtherCheckpoints ?? base.Checkpoints;

    public override IParking Parking => OtherParking ?? base.Parking;

    public override IDiscards Discards => OtherDiscards ?? base.Discards;

    public override IOutbox Outbox => OtherOutbox ?? base.Outbox;

    public override ILeases? Leases => OtherLeases ?? base.Leases;
}

/// <summary>The same for checkpoints.</summary>
internal abstract class CheckpointsWrapper(ICheckpoints inner) : ICheckpoints
{
    public virtual Task<IReadOnlyList<CheckpointState>> LoadAsync(string consumer, CancellationToken cancellationToken) => inner.LoadAsync(consumer, cancellationToken);

    public virtual ValueTask<CheckpointState> CreateAsync(StoreTransaction transaction, Checkpoint checkpoint) => inner.CreateAsync(transaction, checkpoint);

    public virtual ValueTask<CheckpointState> ClaimAsync(StoreTransaction transaction, Checkpoint fresh) => inner.ClaimAsync(transaction, fresh);

    public virtual ValueTask MoveAsync(StoreTransaction transaction, Checkpoint from, Checkpoint to, Anchor? anchor) => inner.MoveAsync(transaction, from, to, anchor);

    public ValueTask RecordIncidentAsync(StoreTransaction transaction, Checkpoint checkpoint, string kind, string detail) => inner.RecordIncidentAsync(transaction, checkpoint, kind, detail);
}

/// <summary>The same for an outbox.</summary>
internal abstract class OutboxWrapper(IOutbox inner) : IOutbox
{
    public virtual string Producer => inner.Producer;

    public Pulse EventsAdded => inner.EventsAdded;

    public Pulse CommandsAdded => inner.CommandsAdded;

    public OutboxRoom Room => inner.Room;

    public Task<IReadOnlyList<OutboxHead>> ReadHeadsAsync(CancellationToken cancellationToken) => inner.ReadHeadsAsync(cancellationToken);

    public virtual Task<IReadOnlyList<EventEnvelope>> ReadAsync(PartitionId partition, long after, int maxEvents, long maxBytes, CancellationToken cancellationToken) =>
        inner.ReadAsync(partition, after, maxEvents, maxBytes, cancellationToken);

    public Task<string?> FindIdAsync(PartitionId partition, long sequence, CancellationToken cancellationToken) => inner.FindIdAsync(partition, sequence, cancellationToken);

    public Task<long?> FindLowestAsync(PartitionId partition, CancellationToken cancellationToken) => inner.FindLowestAsync(partition, cancellationToken);

    public Task<IReadOnlyDictionary<long, string>> ReadIdsAsync(PartitionId partition, CancellationToken cancellationToken) => inner.ReadIdsAsync(partition, cancellationToken);

    public Task<bool> HasAdoptedAsync(CancellationToken cancellationToken) => inner.HasAdoptedAsync(cancellationToken);

    public virtual Task AdoptAsync(OutboxAdoption adoption, CancellationToken cancellationToken) => inner.AdoptAsync(adoption, cancellationToken);

    public Task RecordIncidentAsync(PartitionId partition, long mark, string kind, string detail, CancellationToken cancellationToken) =>
        inner.RecordIncidentAsync(partition, mark, kind, detail, cancellationToken);

    public virtual Task ConfirmAsync(IReadOnlyList<OutboxConfirm> confirms, CancellationToken cancellationToken) => inner.ConfirmAsync(confirms, cancellationToken);

    public Task<int> TrimAsync(PartitionId partition, long upTo, int maxRows, CancellationToken cancellationToken) => inner.TrimAsync(partition, upTo, maxRows, cancellationToken);

    public Task<IReadOnlyList<PendingCommand>> ReadCommandsAsync(long after, int max, CancellationToken cancellationToken) => inner.ReadCommandsAsync(after, max, cancellationToken);

    public Task RemoveCommandsAsync(IReadOnlyList<Guid> ids, CancellationToken cancellationToken) => inner.RemoveCommandsAsync(ids, cancellationToken);

    public Task<long> CountCommandsAsync(CancellationToken cancellationToken) => inner.CountCommandsAsync(cancellationToken);
}

/// <summary>The same for what is parked.</summary>
internal abstract class ParkingWrapper(IParking inner) : IParking
{
    public Pulse Requested => inner.Requested;

    public Task<IReadOnlyList<ParkedKey>> ReadKeysAsync(ParkedKeyQuery query, CancellationToken cancellationToken) => inner.ReadKeysAsync(query, cancellationToken);

    public Task<ParkedKey?> FindKeyAsync(ParkedPlace place, CancellationToken cancellationToken) => inner.FindKeyAsync(place, cancellationToken);

    public Task<IReadOnlyList<ParkedEvent>> ReadEventsAsync(ParkedPlace place, long after, int max, CancellationToken cancellationToken) =>
        inner.ReadEventsAsync(place, after, max, cancellationToken);

    public Task<IReadOnlyList<ParkedKey>> ReadRequestsAsync(string consumer, CancellationToken cancellationToken) => inner.ReadRequestsAsync(consumer, cancellationToken);

    public virtual ValueTask ParkAsync(StoreTransaction transaction, string consumer, LogRecord record, ParkReason reason) => inner.ParkAsync(transaction, consumer, record, reason);

    public virtual ValueTask HoldAsync(StoreTransaction transaction, string consumer, IReadOnlyList<NumberedRecord> records) => inner.HoldAsync(transaction, consumer, records);

    public ValueTask<ParkedTotal> CountAsync(StoreTransaction transaction, string consumer) => inner.CountAsync(transaction, consumer);

    public virtual ValueTask<bool> RemoveAsync(StoreTransaction transaction, ParkedPlace place, IReadOnlyList<long> numbers) => inner.RemoveAsync(transaction, place, numbers);

    public ValueTask FailAsync(StoreTransaction transaction, ParkedPlace place, ParkReason reason) => inner.FailAsync(transaction, place, reason);

    public virtual ValueTask SkipAsync(StoreTransaction transaction, string consumer, IReadOnlyList<string> eventIds) => inner.SkipAsync(transaction, consumer, eventIds);

    public ValueTask<bool> RequestAsync(StoreTransaction transaction, ParkedPlace place, ParkingRequest request) => inner.RequestAsync(transaction, place, request);

    public ValueTask EndRequestAsync(StoreTransaction transaction, ParkedPlace place, bool redriveTheRest) => inner.EndRequestAsync(transaction, place, redriveTheRest);
}

/// <summary>The same for leases.</summary>
internal abstract class LeasesWrapper(ILeases inner) : ILeases
{
    public LeaseSettings Settings => inner.Settings;

    public Pulse Changed => inner.Changed;

    public Task JoinAsync(string member, IReadOnlyList<string> consumers, CancellationToken cancellationToken) => inner.JoinAsync(member, consumers, cancellationToken);

    public virtual Task<LeaseTable?> RenewAsync(string member, bool leaving, IReadOnlyCollection<LeaseUnit> units, CancellationToken cancellationToken) =>
        inner.RenewAsync(member, leaving, units, cancellationToken);

    public virtual ValueTask<long?> TakeAsync(StoreTransaction transaction, LeaseUnit unit, string member) => inner.TakeAsync(transaction, unit, member);

    public Task ReleaseAsync(string member, LeaseUnit unit, CancellationToken cancellationToken) => inner.ReleaseAsync(member, unit, cancellationToken);

    public Task NoteFaultAsync(string member, LeaseUnit unit, string fault, CancellationToken cancellationToken) => inner.NoteFaultAsync(member, unit, fault, cancellationToken);

    public Task LeaveAsync(string member, CancellationToken cancellationToken) => inner.LeaveAsync(member, cancellationToken);
}
