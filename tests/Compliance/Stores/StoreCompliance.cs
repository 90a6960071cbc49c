using System.Reflection;
using Dapper;
using FlowPlatform.Log;
using FlowPlatform.Storage;
using FlowPlatform.Stores;
using FlowPlatform.Tests.Runtime;
using FlowPlatform.Tests.StoreWriting;

namespace FlowPlatform.Tests.Compliance.Stores;

/// <summary>
/// What every <see cref="IServiceStore"/> must do. An implementation's test class derives from it and says how to make one, and how to clean up. Every test has a store of its own.
/// </summary>
public abstract partial class StoreCompliance : IAsyncLifetime
{
    protected static readonly PartitionId Partition = new("accounts", Partitioner.PartitionOf("a", 3));
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(2);
    private readonly List<IServiceStore> opened = [];

    /// <summary>Cancelled with the test, or when a single test takes longer than two minutes: a hang fails instead of hanging.</summary>
    private readonly CancellationTokenSource limit = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);

    protected StoreCompliance() => limit.CancelAfter(Limit);

    protected CancellationToken Token => limit.Token;

    /// <summary>The test's store: open, of a bank with a stream of accounts.</summary>
    protected IServiceStore Store { get; private set; } = null!;

    /// <summary>Where a process finds the store: an environment for tests/Assets/StoreWriter.</summary>
    protected abstract IReadOnlyDictionary<string, string> Environment { get; }

    /// <summary>True where several processes may have the store open at a time.</summary>
    protected abstract bool IsShared { get; }

    public async ValueTask InitializeAsync()
    {
        await StartAsync();
        Store = await OpenAsync();
    }

    public async ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        foreach (var store in opened)
        {
            await store.DisposeAsync();
        }

        await CleanUpAsync();
        limit.Dispose();
    }

    /// <summary>Called first.</summary>
    protected virtual ValueTask StartAsync() => ValueTask.CompletedTask;

    /// <summary>Called last, when everything is closed.</summary>
    protected abstract ValueTask CleanUpAsync();

    /// <summary>Makes a store of the test's one database, without opening it.</summary>
    protected abstract IServiceStore Create(Assembly schema, PublishedStreams published, OutboxRoom? room);

    protected static PublishedStreams Bank()
    {
        var published = new PublishedStreams("bank");
        published.Add(typeof(AccountsEvent), new StreamDefinition("accounts", 3));
        return published;
    }

    /// <summary>Opens the store; again, what a process would find that comes later.</summary>
    protected async Task<IServiceStore> OpenAsync(OutboxRoom? room = null)
    {
        var store = Create(typeof(StoreCompliance).Assembly, Bank(), room);
        opened.Add(store);
        await store.OpenAsync(Token);
        return store;
    }

    /// <summary>Closes the test's store and opens it again.</summary>
    protected async Task<IServiceStore> ReopenAsync(OutboxRoom? room = null)
    {
        await CloseAsync();
        return Store = await OpenAsync(room);
    }

    protected async Task CloseAsync()
    {
        opened.Remove(Store);
        await Store.DisposeAsync();
    }

    protected Task<string> EmitAsync(string account, decimal amount, CancellationToken? cancel = null) =>
        Store.WriteAsync(transaction => ValueTask.FromResult(transaction.Emit(new PaidIn(account, amount), Envelopes.Time)), cancel ?? Token);

    protected Task<int> WriteAsync(string sql, object? parameters = null) => Store.WriteAsync(async transaction => await transaction.ExecuteAsync(sql, parameters), Token);

    protected Task<long> CountAsync(string table) => ScalarAsync(Store, $"SELECT count(*) FROM {table}");

    protected async Task<long> ScalarAsync(IStore store, string sql)
    {
        await using var connection = await store.OpenReadAsync(Token);
        return await connection.QuerySingleAsync<long>(sql);
    }

    /// <summary>A unit that has the store until the gate opens, so that those that come meanwhile make one group.</summary>
    protected async Task<Task<int>> HoldAsync(Task gate)
    {
        var entered = new TaskCompletionSource();
        var holding = Store.WriteAsync(
            async _ =>
            {
                entered.SetResult();
                await gate;
                return 0;
            },
            Token);
        await entered.Task.WaitAsync(Token);
        return holding;
    }

    /// <summary>A store with the tables of tests/Assets/StoreWriter.</summary>
    private async Task<IServiceStore> OpenWritingAsync()
    {
        var store = Writing.Create(Environment);
        opened.Add(store);
        await store.OpenAsync(Token);
        return store;
    }
}
