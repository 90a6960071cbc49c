using System.Data.Common;
using System.Reflection;
using System.Security.Cryptography;
using Dapper;
using FlowPlatform.Stores;
using Microsoft.Data.Sqlite;

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
    private SqliteOutbox? outbox;

    public IOutbox Outbox => outbox ?? throw new InvalidOperationException("The store is not open.");

    public ICheckpoints Checkpoints => main.Checkpoints;

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
                outbox = new SqliteOutbox(main, $"{published.Service}/{await IncarnationAsync(connection)}", room);
                room.Set(await connection.QuerySingleAsync<long>(SqliteOutbox.CountUnconfirmed));
                return new SqliteOutboxWriter(connection, outbox);
            },
            cancellationToken);
    }

    public async Task<IStore> OpenGenerationAsync(string projection, IReadOnlyList<Migration> migrations, CancellationToken cancellationToken)
    {
        var generation = await main.WriteAsync(
            async transaction =>
            {
                await transaction.ExecuteAsync(
                    """
                    INSERT INTO flow_generation (projection, generation, live, created_at) SELECT @projection, 1, 1, @now
                    WHERE NOT EXISTS (SELECT 1 FROM flow_generation WHERE projection = @projection)
                    """,
                    new { projection, now = clock.GetUtcNow() });
                return await transaction.QuerySingleOrDefaultAsync<int>("SELECT generation FROM flow_generation WHERE projection = @projection AND live = 1", new { projection });
            },
            cancellationToken);
        var store = new SqliteStore(Path.Combine(directory, $"{projection}.g{generation}.db"), durable: false, clock);
        generations.Add(store);
        await store.OpenAsync(
            [("flow-consumer", EmbeddedMigrations.Of(typeof(SqliteServiceStore).Assembly, "flow-consumer")), (projection, migrations)], null, null, cancellationToken);
        return store;
    }

    public async Task<bool> IsHandledAsync(Guid commandId, CancellationToken cancellationToken)
    {
        await using var connection = await OpenReadAsync(cancellationToken);
        return await connection.QuerySingleAsync<bool>("SELECT EXISTS (SELECT 1 FROM flow_inbox WHERE command_id = @id)", new { id = commandId.ToString() });
    }

    public async ValueTask<bool> TryMarkHandledAsync(StoreTransaction transaction, Guid commandId, string handler) =>
        await transaction.ExecuteAsync(
            "INSERT INTO flow_inbox (command_id, handler, handled_at) VALUES (@id, @handler, @now) ON CONFLICT (command_id) DO NOTHING",
            new { id = commandId.ToString(), handler, now = clock.GetUtcNow() }) == 1;

    public Task<T> WriteAsync<T>(Func<StoreTransaction, ValueTask<T>> work, CancellationToken cancellationToken) => main.WriteAsync(work, cancellationToken);

    public ValueTask<DbConnection> OpenReadAsync(CancellationToken cancellationToken) => main.OpenReadAsync(cancellationToken);

    public async ValueTask DisposeAsync()
    {
        foreach (var generation in generations)
        {
            await generation.DisposeAsync();
        }

        await main.DisposeAsync();
        if (processLock is not null)
        {
            await processLock.DisposeAsync();
        }
    }

    /// <summary>The incarnation is created with the outbox (rule P2): a deleted or restored store never continues another one's sequences.</summary>
    private static async Task<string> IncarnationAsync(SqliteConnection connection)
    {
        await connection.ExecuteAsync(
            "INSERT INTO flow_meta (key, value) VALUES ('incarnation', @fresh) ON CONFLICT (key) DO NOTHING",
            new { fresh = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(8)) });
        return await connection.QuerySingleAsync<string>("SELECT value FROM flow_meta WHERE key = 'incarnation'");
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
