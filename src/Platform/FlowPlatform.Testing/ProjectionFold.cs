using System.Data.Common;
using Dapper;
using FlowPlatform.Consumers;
using FlowPlatform.Log;
using FlowPlatform.Testing.Running;
using FlowPlatform.Stores;

namespace FlowPlatform.Testing;

/// <summary>What a projection has made of a history, in a temporary store of its own. Dispose it. Safe for concurrent reads.</summary>
public sealed class ProjectionFold : IAsyncDisposable
{
    private readonly FoldStore store;
    private readonly Projection projection;

    private ProjectionFold(Projection projection, string? postgres)
    {
        this.projection = projection;
        store = new FoldStore(projection.Name, postgres);
    }

    /// <summary>The store with the projection's tables.</summary>
    public IStore Store => store.Store;

    /// <summary>Reads rows.</summary>
    public async Task<IReadOnlyList<T>> QueryAsync<T>(string sql, object? parameters = null)
    {
        await using var connection = await OpenAsync();
        return (await connection.QueryAsync<T>(sql, parameters)).AsList();
    }

    /// <summary>A read-only connection, as a <c>ProjectionReader</c> gives the service's features.</summary>
    public ValueTask<DbConnection> OpenAsync() => store.Store.OpenReadAsync(TestRun.Cancellation());

    /// <summary>Applies further records in one transaction.</summary>
    public Task ApplyAsync(IReadOnlyList<LogRecord> records) => store.Store.WriteAsync(
        async transaction =>
        {
            await projection.ApplyAsync(transaction, records);
            return true;
        },
        TestRun.Cancellation());

    /// <summary>Deletes the store.</summary>
    public ValueTask DisposeAsync() => store.DisposeAsync();

    internal static async Task<ProjectionFold> CreateAsync(Projection projection, string? postgres)
    {
        var kind = postgres is null ? "sqlite" : "postgres";
        var migrations = EmbeddedMigrations.Of(projection.GetType().Assembly, projection.Name, kind);
        if (migrations.Count == 0)
        {
            throw new FlowTestException($"{projection.GetType().Name} has no tables: there is no Schema/{projection.Name}/0001_….{kind}.sql in {projection.GetType().Assembly.GetName().Name}.");
        }

        var fold = new ProjectionFold(projection, postgres);
        try
        {
            await fold.store.OpenAsync(migrations);
            return fold;
        }
        catch
        {
            await fold.DisposeAsync();
            throw;
        }
    }
}
