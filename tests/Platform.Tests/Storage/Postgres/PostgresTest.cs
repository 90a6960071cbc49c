using Dapper;
using FlowPlatform.Log;
using FlowPlatform.Orchestration.Postgres;
using FlowPlatform.Storage;
using FlowPlatform.Storage.Postgres;
using FlowPlatform.Stores;
using FlowPlatform.Tests.Runtime;
using Npgsql;

namespace FlowPlatform.Tests.Storage.Postgres;

/// <summary>A database of the test's own, stores on it, and a hand of the test's own in the server.</summary>
public abstract class PostgresTest(PostgresFixture postgres) : IAsyncLifetime
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(2);
    private readonly CancellationTokenSource limit = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
    private readonly List<PostgresServiceStore> opened = [];
    private TestDatabase? database;

    protected CancellationToken Token => limit.Token;

    protected string ConnectionString => database!.ConnectionString;

    public async ValueTask InitializeAsync()
    {
        limit.CancelAfter(Limit);
        database = await postgres.CreateDatabaseAsync();
    }

    public virtual async ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        foreach (var store in opened)
        {
            await store.DisposeAsync();
        }

        await (database?.DisposeAsync() ?? ValueTask.CompletedTask);
        limit.Dispose();
    }

    protected static PublishedStreams Bank(string service = "bank")
    {
        var published = new PublishedStreams(service);
        published.Add(typeof(AccountsEvent), new StreamDefinition("accounts", 3));
        return published;
    }

    private protected PostgresServiceStore Create(string? connectionString = null, TimeProvider? clock = null, string service = "bank")
    {
        var store = new PostgresServiceStore(connectionString ?? ConnectionString, typeof(PostgresTest).Assembly, Bank(service), clock ?? TimeProvider.System);
        opened.Add(store);
        return store;
    }

    private protected async Task<PostgresServiceStore> OpenAsync(string? connectionString = null, TimeProvider? clock = null)
    {
        var store = Create(connectionString, clock);
        await store.OpenAsync(Token);
        return store;
    }

    private protected Task<string> EmitAsync(IStore store, string account = "a", decimal amount = 1) =>
        store.WriteAsync(transaction => ValueTask.FromResult(transaction.Emit(new PaidIn(account, amount), Envelopes.Time)), Token);

    protected Task<int> GreetAsync(IStore store, string id) => store.WriteAsync(transaction => InsertAsync(transaction, id), Token);

    protected static async ValueTask<int> InsertAsync(StoreTransaction transaction, string id) =>
        await transaction.ExecuteAsync("INSERT INTO greeting (id, text) VALUES (@id, 'x')", new { id });

    /// <summary>Connects past the store.</summary>
    protected async Task<NpgsqlConnection> ConnectAsync()
    {
        var connection = new NpgsqlConnection(new NpgsqlConnectionStringBuilder(ConnectionString) { Pooling = false, SearchPath = "main" }.ConnectionString);
        await connection.OpenAsync(Token);
        return connection;
    }

    protected async Task<T> AskAsync<T>(string sql, object? parameters = null)
    {
        await using var connection = await ConnectAsync();
        return (await connection.QuerySingleAsync<T>(sql, parameters))!;
    }

    protected Task<long> CountAsync(string table) => AskAsync<long>($"SELECT count(*) FROM {table}");

    /// <summary>Waits until a question is answered with true.</summary>
    protected async Task UntilAsync(string sql, object? parameters = null)
    {
        await using var connection = await ConnectAsync();
        await Eventually.ThatAsync(sql, () => connection.QuerySingleAsync<bool>(sql, parameters), TimeSpan.FromSeconds(60));
    }

    protected static async Task<int> ProcessIdAsync(StoreTransaction transaction) => await transaction.QuerySingleOrDefaultAsync<int>("SELECT pg_backend_pid()");

    /// <summary>Ends a server process, and with it its connection, and waits for that.</summary>
    protected async Task TerminateAsync(int processId)
    {
        await AskAsync<bool>("SELECT pg_terminate_backend(@processId)", new { processId });
        await UntilAsync("SELECT NOT EXISTS (SELECT 1 FROM pg_stat_activity WHERE pid = @processId)", new { processId });
    }
}
