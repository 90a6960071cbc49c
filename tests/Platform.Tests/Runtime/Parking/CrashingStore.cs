using System.Data.Common;
using FlowPlatform.Stores;

namespace FlowPlatform.Tests.Runtime.Parking;

/// <summary>When the process ends: before or after which of its commits, of all its stores together.</summary>
internal sealed class Crash(int at, bool after) : IDisposable
{
    private readonly CancellationTokenSource ended = new();
    private int commits;

    public int Commits => commits;

    /// <summary>Ends with the process.</summary>
    public CancellationToken Token => ended.Token;

    public static Crash Never => new(int.MaxValue, after: false);

    public async Task<T> RunAsync<T>(Func<Task<T>> commit)
    {
        ended.Token.ThrowIfCancellationRequested();
        var number = ++commits;
        if (number == at && !after)
        {
            await EndAsync();
        }

        var result = await commit();
        if (number == at && after)
        {
            await EndAsync();
        }

        return result;
    }

    public void Dispose() => ended.Dispose();

    private async Task EndAsync()
    {
        await ended.CancelAsync();
        throw new OperationCanceledException("The process has ended.", ended.Token);
    }
}

/// <summary>A store of a process that ends at a commit. What was under way in it is rolled back, as SQLite does when it opens the file again.</summary>
internal class CrashingStore(IStore inner, Crash crash) : IStore
{
    public ICheckpoints Checkpoints => inner.Checkpoints;

    /// <summary>What others do, once, before the next events of a parked key are read.</summary>
    public Func<Task>? BeforeEvents { get; set; }

    public IParking? Parking => BeforeEvents is null ? inner.Parking : InterruptedParking.Of(inner.Parking!, this);

    public Task<T> WriteAsync<T>(Func<StoreTransaction, ValueTask<T>> work, CancellationToken cancellationToken) => crash.RunAsync(() => inner.WriteAsync(work, cancellationToken));

    public ValueTask<DbConnection> OpenReadAsync(CancellationToken cancellationToken) => inner.OpenReadAsync(cancellationToken);

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}

/// <summary>The same of a main store.</summary>
internal sealed class CrashingServiceStore(IServiceStore inner, Crash crash) : CrashingStore(inner, crash), IServiceStore
{
    public IOutbox Outbox => inner.Outbox;

    public IAudit? Audit => inner.Audit;

    public IDiscards? Discards => inner.Discards;

    public string Kind => inner.Kind;

    public Task OpenAsync(CancellationToken cancellationToken) => inner.OpenAsync(cancellationToken);

    public Task<IStore> OpenGenerationAsync(string projection, IReadOnlyList<Migration> migrations, CancellationToken cancellationToken) =>
        inner.OpenGenerationAsync(projection, migrations, cancellationToken);

    public Task<bool> IsHandledAsync(Guid commandId, CancellationToken cancellationToken) => inner.IsHandledAsync(commandId, cancellationToken);

    public ValueTask<bool> TryMarkHandledAsync(StoreTransaction transaction, Guid commandId, string handler) => inner.TryMarkHandledAsync(transaction, commandId, handler);
}
