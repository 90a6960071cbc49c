using System.Data.Common;
using System.Reflection;
using Dapper;
using FlowPlatform.Storage.Sql;
using FlowPlatform.Stores;

namespace FlowPlatform.Storage.Postgres;

/// <summary>
/// A service's stores in one Postgres database: schema <c>main</c>, and a schema for every generation of every projection, such as <c>stock_levels_g1</c> (rule G1). All replicas of the service
/// share it.
/// </summary>
internal sealed class PostgresServiceStore : IServiceStore
{
    /// <summary>How long a server that starts, or a network that comes up, is waited for.</summary>
    private static readonly TimeSpan OpenLimit = TimeSpan.FromMinutes(1);
    private readonly string connectionString;
    private readonly Assembly schema;
    private readonly PublishedStreams published;
    private readonly TimeProvider clock;
    private readonly OutboxRoom room;
    private readonly LeaseSettings settings;
    private readonly ConnectionGate gate;
    private readonly PostgresLeases leases;
    private readonly PostgresSources sources;
    private readonly PostgresStore main;
    private readonly List<PostgresStore> generations = [];
    private PostgresOutbox? outbox;
    private PostgresSignals? signals;
    private int disposed;

    public PostgresServiceStore(string connectionString, Assembly schema, PublishedStreams published, TimeProvider clock, OutboxRoom? outboxRoom = null, LeaseSettings? leaseSettings = null)
    {
        this.connectionString = connectionString;
        this.schema = schema;
        this.published = published;
        this.clock = clock;
        room = outboxRoom ?? new OutboxRoom();
        settings = leaseSettings ?? LeaseSettings.Default;
        gate = new ConnectionGate(clock);
        sources = new PostgresSources(connectionString, published.Service, "main", PostgresWriter.KeyedLanes + 5, settings.LockTimeout, gate);
        leases = new PostgresLeases(sources, settings);
        main = new PostgresStore(sources, clock);
    }

    public string Kind => "postgres";

    public IOutbox Outbox => outbox ?? throw new InvalidOperationException("The store is not open.");

    public ICheckpoints Checkpoints => main.Checkpoints;

    public IParking Parking => main.Parking;

    public IAudit Audit => new SqlAudit(main);

    public IDiscards Discards => new SqlDiscards(main, clock);

    public bool LocksKeys => true;

    public ILeases Leases => leases;

    /// <summary>Completes when it hears of other replicas' commits.</summary>
    internal Task Listening => signals?.Listening ?? throw new InvalidOperationException("The store is not open.");

    public Task OpenAsync(CancellationToken cancellationToken) => WhenReachedAsync(() => TryOpenAsync(cancellationToken), cancellationToken);

    public async Task<IStore> OpenGenerationAsync(string projection, IReadOnlyList<Migration> migrations, CancellationToken cancellationToken)
    {
        PostgresStore? store = null;
        await WhenReachedAsync(
            async () =>
            {
                if (store is null)
                {
                    var generation = await SqlGenerations.LiveAsync(main, projection, clock, cancellationToken);
                    var own = new PostgresSources(connectionString, published.Service, SchemaOf(projection, generation), PostgresWriter.KeyedLanes + 2, settings.LockTimeout, gate);
                    store = new PostgresStore(own, clock);
                    generations.Add(store);
                }

                await store.OpenAsync([("flow-consumer", Platform("flow-consumer")), (projection, migrations)], null, null, cancellationToken);
            },
            cancellationToken);
        return store!;
    }

    public Task<bool> IsHandledAsync(Guid commandId, CancellationToken cancellationToken) => SqlInbox.HasAsync(main, commandId, cancellationToken);

    public ValueTask<bool> TryMarkHandledAsync(StoreTransaction transaction, Guid commandId, string handler) => SqlInbox.TryAddAsync(transaction, commandId, handler, clock);

    public Task<T> WriteAsync<T>(Func<StoreTransaction, ValueTask<T>> work, CancellationToken cancellationToken) => main.WriteAsync(work, cancellationToken);

    public Task<T> WriteAsync<T>(IReadOnlyCollection<string> keys, Func<StoreTransaction, ValueTask<T>> work, CancellationToken cancellationToken) =>
        main.WriteAsync(keys, work, cancellationToken);

    public ValueTask<DbConnection> OpenReadAsync(CancellationToken cancellationToken) => main.OpenReadAsync(cancellationToken);

    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref disposed, 1) == 1)
        {
            return;
        }

        await Task.WhenAll(generations.Select(generation => generation.DisposeAsync().AsTask()));
        if (signals is not null)
        {
            await signals.DisposeAsync();
        }

        await main.DisposeAsync();
    }

    private static IReadOnlyList<Migration> Platform(string database) => EmbeddedMigrations.Of(typeof(PostgresServiceStore).Assembly, database, "postgres");

    /// <summary>A projection's name is in kebab case; Postgres cuts names at 63 bytes.</summary>
    private static string SchemaOf(string projection, int generation)
    {
        var name = $"{projection.Replace('-', '_')}_g{generation}";
        return name.Length <= 63 && name.All(character => character is (>= 'a' and <= 'z') or (>= '0' and <= '9') or '_')
            ? name
            : throw new ArgumentException($"Projection '{projection}' can't have a Postgres schema: its name must be of lower-case letters, digits and hyphens, 57 at most.");
    }

    private async Task WhenReachedAsync(Func<Task> open, CancellationToken cancellationToken)
    {
        var started = clock.GetTimestamp();
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                await open();
                return;
            }
            catch (Exception passing) when (passing is StoreBusyException or CommitOutcomeUnknownException && clock.GetElapsedTime(started) < OpenLimit)
            {
                await Task.Delay(RetryDelay.After(attempt), clock, cancellationToken);
            }
        }
    }

    private Task TryOpenAsync(CancellationToken cancellationToken) => main.OpenAsync(
        [("flow-consumer", Platform("flow-consumer")), ("flow-main", Platform("flow-main")), ("flow-leases", Platform("flow-leases")), ("main", EmbeddedMigrations.Of(schema, "main", "postgres"))],
        published,
        async connection =>
        {
            await ClaimAsync(connection);
            outbox = new PostgresOutbox(main, published.Service, await SqlIncarnation.EnsureAsync(connection, clock), room, clock);
            room.Set(await connection.QuerySingleAsync<long>(SqlOutbox.CountUnconfirmed));
            outbox.Signals = signals = leases.Signals = new PostgresSignals(sources, outbox, leases.Changed, clock);
            return new PostgresOutboxWriter(outbox);
        },
        cancellationToken);

    /// <summary>A database is one service's alone; two of them on the same connection string would publish under one name.</summary>
    private async Task ClaimAsync(PostgresConnection connection)
    {
        await connection.ExecuteAsync("INSERT INTO flow_meta (key, value) VALUES ('service', @Service) ON CONFLICT (key) DO NOTHING", new { published.Service });
        var owner = await connection.QuerySingleAsync<string>("SELECT value FROM flow_meta WHERE key = 'service'");
        if (owner != published.Service)
        {
            throw new MigrationException($"{sources.Describe} belongs to service '{owner}'. Give '{published.Service}' a database of its own.");
        }
    }
}
