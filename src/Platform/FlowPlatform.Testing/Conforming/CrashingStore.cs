using System.Data.Common;
using FlowPlatform.Stores;

namespace FlowPlatform.Testing.Conforming;

/// <summary>Where in a transaction the process ends.</summary>
internal enum Crash
{
    /// <summary>Nowhere.</summary>
    None,

    /// <summary>The transaction has begun, and has done nothing.</summary>
    BeforeRows,

    /// <summary>Checkpoint and rows are written, and not committed.</summary>
    BeforeCommit,
}

/// <summary>A store whose process ends in the middle of the next transaction, if it is told to. Used by one caller.</summary>
internal sealed class CrashingStore(IStore store, CancellationTokenSource life) : IStore
{
    public Crash Next { get; set; }

    public ICheckpoints Checkpoints => store.Checkpoints;

    public IParking? Parking => store.Parking;

    public Task<T> WriteAsync<T>(Func<StoreTransaction, ValueTask<T>> work, CancellationToken cancellationToken) => store.WriteAsync(
        async transaction =>
        {
            End(Crash.BeforeRows);
            var result = await work(transaction);
            End(Crash.BeforeCommit);
            return result;
        },
        cancellationToken);

    public ValueTask<DbConnection> OpenReadAsync(CancellationToken cancellationToken) => store.OpenReadAsync(cancellationToken);

    public ValueTask DisposeAsync() => store.DisposeAsync();

    /// <summary>What ends is no fault of an event: nothing is tried again, nothing parked.</summary>
    private void End(Crash here)
    {
        if (Next == here)
        {
            life.Cancel();
            throw new OperationCanceledException("The process ends here.", life.Token);
        }
    }
}
