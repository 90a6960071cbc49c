using System.Data.Common;
using FlowPlatform.Log;
using FlowPlatform.Stores;

namespace FlowPlatform.Tests.Sharing;

/// <summary>A main store that reads no checkpoints for a caller who has cancelled. Postgres' driver looks at that only when it must open a connection, so it depends on what else is under way.</summary>
internal sealed class PunctualStore(IServiceStore inner) : IServiceStore
{
    public ICheckpoints Checkpoints { get; } = new Punctual(inner.Checkpoints);

    public IParking? Parking => inner.Parking;

    public bool LocksKeys => inner.LocksKeys;

    public string Kind => inner.Kind;

    public IOutbox Outbox => inner.Outbox;

    public IAudit? Audit => inner.Audit;

    public IDiscards? Discards => inner.Discards;

    public ILeases? Leases => inner.Leases;

    public Task<T> WriteAsync<T>(Func<StoreTransaction, ValueTask<T>> work, CancellationToken cancellationToken) => inner.WriteAsync(work, cancellationToken);

    public Task<T> WriteAsync<T>(IReadOnlyCollection<string> keys, Func<StoreTransaction, ValueTask<T>> work, CancellationToken cancellationToken) => inner.WriteAsync(keys, work, cancellationToken);

    public ValueTask<DbConnection> OpenReadAsync(CancellationToken cancellationToken) => inner.OpenReadAsync(cancellationToken);

    public Task OpenAsync(CancellationToken cancellationToken) => inner.OpenAsync(cancellationToken);

    public Task<IStore> OpenGenerationAsync(string projection, IReadOnlyList<Migration> migrations, CancellationToken cancellationToken) => inner.OpenGenerationAsync(projection, migrations, cancellationToken);

    public Task<bool> IsHandledAsync(Guid commandId, CancellationToken cancellationToken) => inner.IsHandledAsync(commandId, cancellationToken);

    public ValueTask<bool> TryMarkHandledAsync(StoreTransaction transaction, Guid commandId, string handler) => inner.TryMarkHandledAsync(transaction, commandId, handler);

    public ValueTask DisposeAsync() => inner.DisposeAsync();

    private sealed class Punctual(ICheckpoints inner) : ICheckpoints
    {
        public Task<IReadOnlyList<CheckpointState>> LoadAsync(string consumer, CancellationToken cancellationToken)
        {
            cancellationToken.ThrowIfCancellationRequested();
            return inner.LoadAsync(consumer, cancellationToken);
        }

        public ValueTask<CheckpointState> CreateAsync(StoreTransaction transaction, Checkpoint checkpoint) => inner.CreateAsync(transaction, checkpoint);

        public ValueTask<CheckpointState> ClaimAsync(StoreTransaction transaction, Checkpoint fresh) => inner.ClaimAsync(transaction, fresh);

        public ValueTask MoveAsync(StoreTransaction transaction, Checkpoint from, Checkpoint to, Anchor? anchor) => inner.MoveAsync(transaction, from, to, anchor);

        public ValueTask RecordIncidentAsync(StoreTransaction transaction, Checkpoint checkpoint, string kind, string detail) => inner.RecordIncidentAsync(transaction, checkpoint, kind, detail);

        public Task<IReadOnlyList<Incident>> ReadIncidentsAsync(CancellationToken cancellationToken) => inner.ReadIncidentsAsync(cancellationToken);
    }
}
