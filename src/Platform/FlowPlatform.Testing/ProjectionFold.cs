using System.Data.Common;
using Dapper;
using FlowPlatform.Consumers;
using FlowPlatform.Log;
using FlowPlatform.Storage.Sqlite;
using FlowPlatform.Stores;

namespace FlowPlatform.Testing;

/// <summary>What a projection has made of a history, in a temporary store of its own. Dispose it. Safe for concurrent reads.</summary>
public sealed class ProjectionFold : IAsyncDisposable
{
    private readonly TemporaryDirectory directory = new();
    private readonly SqliteStore store;
    private readonly Projection projection;

    private ProjectionFold(Projection projection)
    {
        this.projection = projection;
        store = new SqliteStore(Path.Combine(directory.Path, $"{projection.Name}.db"), durable: false, TimeProvider.System);
    }

    /// <summary>The store with the projection's tables.</summary>
    public IStore Store => store;

    /// <summary>Reads rows.</summary>
    public async Task<IReadOnlyList<T>> QueryAsync<T>(string sql, object? parameters = null)
    {
        await using var connection = await OpenAsync();
        return (await connection.QueryAsync<T>(sql, parameters)).AsList();
    }

    /// <summary>A read-only connection, as a <c>ProjectionReader</c> gives the service's features.</summary>
    public ValueTask<DbConnection> OpenAsync() => store.OpenReadAsync(TestRun.Cancellation());

    /// <summary>Applies further records in one transaction.</summary>
    public Task ApplyAsync(IReadOnlyList<LogRecord> records) => store.WriteAsync(
        async transaction =>
        {
            await projection.ApplyAsync(transaction, records);
            return true;
        },
        TestRun.Cancellation());

    /// <summary>Deletes the store.</summary>
    public async ValueTask DisposeAsync()
    {
        await store.DisposeAsync();
        directory.Dispose();
    }

    internal static async Task<ProjectionFold> CreateAsync(Projection projection)
    {
        var migrations = EmbeddedMigrations.Of(projection.GetType().Assembly, projection.Name);
        if (migrations.Count == 0)
        {
            throw new FlowTestException($"{projection.GetType().Name} has no tables: there is no Schema/{projection.Name}/0001_….sqlite.sql in {projection.GetType().Assembly.GetName().Name}.");
        }

        var fold = new ProjectionFold(projection);
        try
        {
            await fold.store.OpenAsync([(projection.Name, migrations)], null, null, TestRun.Cancellation());
            return fold;
        }
        catch
        {
            await fold.DisposeAsync();
            throw;
        }
    }
}
