using System.Data.Common;
using FlowPlatform.Log;
using FlowPlatform.Stores;

namespace FlowPlatform.Simulation;

/// <summary>A store that does what another does, but for what a derived one changes.</summary>
internal abstract class StoreWrapper(IStore inner) : IServiceStore
{
    public virtual ICheckpoints Checkpoints => inner.Checkpoints;

    public virtual IOutbox Outbox => Main.Outbox;

    protected IStore Inner => inner;

    private IServiceStore Main => (IServiceStore)inner;

    public virtual Task<T> WriteAsync<T>(Func<StoreTransaction, ValueTask<T>> work, CancellationToken cancellationToken) => inner.WriteAsync(work, cancellationToken);

    public ValueTask<DbConnection> OpenReadAsync(CancellationToken cancellationToken) => inner.OpenReadAsync(cancellationToken);

    public Task OpenAsync(CancellationToken cancellationToken) => Main.OpenAsync(cancellationToken);

    public Task<IStore> OpenGenerationAsync(string projection, IReadOnlyList<Migration> migrations, CancellationToken cancellationToken) =>
        Main.OpenGenerationAsync(projection, migrations, cancellationToken);

    public virtual Task<bool> IsHandledAsync(Guid commandId, CancellationToken cancellationToken) => Main.IsHandledAsync(commandId, cancellationToken);

    public virtual ValueTask<bool> TryMarkHandledAsync(StoreTransaction transaction, Guid commandId, string handler) => Main.TryMarkHandledAsync(transaction, commandId, handler);

    public ValueTask DisposeAsync() => inner.DisposeAsync();
}

/// <summary>The same for checkpoints.</summary>
internal abstract class CheckpointsWrapper(ICheckpoints inner) : ICheckpoints
{
    public virtual Task<IReadOnlyList<CheckpointState>> LoadAsync(string consumer, CancellationToken cancellationToken) => inner.LoadAsync(consumer, cancellationToken);

    public virtual ValueTask CreateAsync(StoreTransaction transaction, Checkpoint checkpoint) => inner.CreateAsync(transaction, checkpoint);

    public virtual ValueTask<CheckpointState> ClaimAsync(StoreTransaction transaction, Checkpoint fresh) => inner.ClaimAsync(transaction, fresh);

    public virtual ValueTask MoveAsync(StoreTransaction transaction, Checkpoint from, Checkpoint to, Anchor? anchor) => inner.MoveAsync(transaction, from, to, anchor);

    public virtual ValueTask RecordIncidentAsync(StoreTransaction transaction, Checkpoint checkpoint, string kind, string detail) =>
        inner.RecordIncidentAsync(transaction, checkpoint, kind, detail);
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

    public Task AdoptAsync(OutboxAdoption adoption, CancellationToken cancellationToken) => inner.AdoptAsync(adoption, cancellationToken);

    public Task RecordIncidentAsync(PartitionId partition, long mark, string kind, string detail, CancellationToken cancellationToken) =>
        inner.RecordIncidentAsync(partition, mark, kind, detail, cancellationToken);

    public virtual Task ConfirmAsync(IReadOnlyList<OutboxConfirm> confirms, CancellationToken cancellationToken) => inner.ConfirmAsync(confirms, cancellationToken);

    public Task<int> TrimAsync(PartitionId partition, long upTo, int maxRows, CancellationToken cancellationToken) => inner.TrimAsync(partition, upTo, maxRows, cancellationToken);

    public Task<IReadOnlyList<PendingCommand>> ReadCommandsAsync(long after, int max, CancellationToken cancellationToken) => inner.ReadCommandsAsync(after, max, cancellationToken);

    public Task RemoveCommandsAsync(IReadOnlyList<Guid> ids, CancellationToken cancellationToken) => inner.RemoveCommandsAsync(ids, cancellationToken);

    public Task<long> CountCommandsAsync(CancellationToken cancellationToken) => inner.CountCommandsAsync(cancellationToken);
}
