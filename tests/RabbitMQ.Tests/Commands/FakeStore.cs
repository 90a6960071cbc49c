using System.Collections.Concurrent;
using System.Data.Common;
using FlowPlatform.Stores;

namespace FlowPlatform.RabbitMQ.Tests.Commands;

/// <summary>An inbox in memory: what a command handler needs of a store, and no more.</summary>
internal sealed class FakeStore : IServiceStore
{
    private readonly SemaphoreSlim writer = new(1);
    private readonly ConcurrentDictionary<Guid, string> inbox = [];

    public IOutbox Outbox => throw new NotSupportedException();

    public ICheckpoints Checkpoints => throw new NotSupportedException();

    public Task OpenAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task<IStore> OpenGenerationAsync(string projection, IReadOnlyList<Migration> migrations, CancellationToken cancellationToken) => throw new NotSupportedException();

    public ValueTask<DbConnection> OpenReadAsync(CancellationToken cancellationToken) => throw new NotSupportedException();

    public Task<bool> IsHandledAsync(Guid commandId, CancellationToken cancellationToken) => Task.FromResult(inbox.ContainsKey(commandId));

    public ValueTask<bool> TryMarkHandledAsync(StoreTransaction transaction, Guid commandId, string handler) => ValueTask.FromResult(inbox.TryAdd(commandId, handler));

    public async Task<T> WriteAsync<T>(Func<StoreTransaction, ValueTask<T>> work, CancellationToken cancellationToken)
    {
        await writer.WaitAsync(cancellationToken);
        try
        {
            return await work(new StoreTransaction(null!, null, TimeProvider.System));
        }
        finally
        {
            writer.Release();
        }
    }

    public ValueTask DisposeAsync()
    {
        writer.Dispose();
        return ValueTask.CompletedTask;
    }
}
