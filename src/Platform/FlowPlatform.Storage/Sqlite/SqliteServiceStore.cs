using System.Data.Common;
using System.Reflection;
using Dapper;
using FlowPlatform.Storage.Sql;
using FlowPlatform.Stores;

namespace FlowPlatform.Storage.Sqlite;

/// <summary>
/// A service's stores in one directory: <c>main.db</c>, and a file for every generation of every projection, such as <c>stock-levels.g1.db</c> (rule G1).
/// The directory belongs to one process, by a lock on <c>main.lock</c>.
/// </summary>
internal sealed class SqliteServiceStore(string directory, Assembly schema, PublishedStreams published, TimeProvider clock, OutboxRoom? outboxRoom = null) : IServiceStore
{
    private readonly OutboxRoom room = outboxRoom ?? new OutboxRoom();
    private readonly SqliteStore main = new(Path.Combine(directory, "main.db"), durable: true, clock);
    private readonly List<SqliteStore> generations = [];
    private FileStream? processLock;
    private SqlOutbox? outbox;

    public IOutbox Outbox => outbox ?? throw new InvalidOperationException("The store is not open.");

    public ICheckpoints Checkpoints => main.Checkpoints;

    public IParking Parking => main.Parking;

    public IAudit Audit => new SqlAudit(main);

    public IDiscards Discards => new SqlDiscards(main, clock);

    public async Task OpenAsync(CancellationToken cancellationToken)
    {
        Directory.CreateDirectory(directory);
        processLock = Lock(Path.Combine(directory, "main.lock"));
        var platform = typeof(SqliteServiceStore).Assembly;
        await main.OpenAsync(
            [
                ("flow-consumer", EmbeddedMigrations.Of(platform, "flow-consumer")),
                ("flow-main", EmbeddedMigrations.Of(platform, "flow-main")),
                ("main", EmbeddedMigrations.Of(schema, "main")),
            ],
            published,
            async connection =>
            {
                outbox = new SqlOutbox(main, published.Service, await SqlIncarnation.EnsureAsync(connection, clock), room, clock)
                {
                    HasAdopted = await connection.QuerySingleAsync<bool>("SELECT EXISTS (SELECT 1 FROM flow_adopted)"),
                };
                room.Set(await connection.QuerySingleAsync<long>(SqlOutbox.CountUnconfirmed));
                return new SqliteOutboxWriter(connection, outbox);
            },
            cancellationToken);
    }

    public async Task<IStore> OpenGenerationAsync(string projection, IReadOnlyList<Migration> migrations, CancellationToken cancellationToken)
    {
        var generation = await SqlGenerations.LiveAsync(main, projection, clock, cancellationToken);
        var store = new SqliteStore(Path.Combine(directory, $"{projection}.g{generation}.db"), durable: false, clock);
        generations.Add(store);
        await store.OpenAsync(
            [("flow-consumer", EmbeddedMigrations.Of(typeof(SqliteServiceStore).Assembly, "flow-consumer")), (projection, migrations)], null, null, cancellationToken);
        return store;
    }

    public Task<bool> IsHandledAsync(Guid commandId, CancellationToken cancellationToken) => SqlInbox.HasAsync(main, commandId, cancellationToken);

    public ValueTask<bool> TryMarkHandledAsync(StoreTransaction transaction, Guid commandId, string handler) => SqlInbox.TryAddAsync(transaction, commandId, handler, clock);

    public Task<T> WriteAsync<T>(Func<StoreTransaction, ValueTask<T>> work, CancellationToken cancellationToken) => main.WriteAsync(work, cancellationToken);

    public ValueTask<DbConnection> OpenReadAsync(CancellationToken cancellationToken) => main.OpenReadAsync(cancellationToken);

    public async ValueTask DisposeAsync()
    {
        var closed = await Task.WhenAll(generations.Append(main).Select(store => store.CloseAsync()));
        if (processLock is not null && Array.TrueForAll(closed, static done => done))
        {
            await processLock.DisposeAsync();
        }
    }

    /// <summary>The lock ends with the process, however it ends; who holds it stands in a file beside it, because a locked file can't be read.</summary>
    private static FileStream Lock(string path)
    {
        var owner = Path.ChangeExtension(path, ".owner");
        FileStream held;
        try
        {
            held = new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException)
        {
            throw new StoreInUseException(path, File.Exists(owner) ? File.ReadAllText(owner) : "another process");
        }

        File.WriteAllText(owner, $"process {Environment.ProcessId}");
        return held;
    }
}
