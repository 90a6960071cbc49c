using System.Data.Common;
using FlowPlatform.Storage.Sql;
using FlowPlatform.Stores;
using Microsoft.Data.Sqlite;

namespace FlowPlatform.Storage.Sqlite;

/// <summary>A private database in one SQLite file: a projection's generation, or the base of a service's main store.</summary>
internal sealed class SqliteStore : IStore
{
    private readonly SqliteConnections connections;
    private SqliteWriter? writer;

    public SqliteStore(string path, bool durable, TimeProvider clock, bool scratch = false)
    {
        connections = new SqliteConnections(path, durable, scratch);
        Checkpoints = new SqlCheckpoints(this, clock);
        Parking = new SqlParking(this, clock);
        Clock = clock;
    }

    public string Path => connections.Path;

    public TimeProvider Clock { get; }

    public ICheckpoints Checkpoints { get; }

    public IParking Parking { get; }

    /// <summary>Opens and migrates the file. The caller has it for itself.</summary>
    /// <param name="schemas">Scopes and their migrations, in order.</param>
    /// <param name="published">Streams that can be emitted to, or null.</param>
    /// <param name="outbox">Makes the outbox writer on the writing connection, or null.</param>
    /// <param name="cancellationToken">Cancels.</param>
    public async Task OpenAsync(
        IReadOnlyList<(string Scope, IReadOnlyList<Migration> Migrations)> schemas,
        PublishedStreams? published,
        Func<SqliteConnection, Task<SqliteOutboxWriter>>? outbox,
        CancellationToken cancellationToken)
    {
        Directory.CreateDirectory(System.IO.Path.GetDirectoryName(System.IO.Path.GetFullPath(Path))!);
        var connection = await connections.OpenWriterAsync(cancellationToken);
        try
        {
            foreach (var (scope, migrations) in schemas)
            {
                await SqliteMigrator.MigrateAsync(connection, scope, migrations, Clock);
            }

            writer = new SqliteWriter(connection, published, outbox is null ? null : await outbox(connection), Clock);
        }
        catch
        {
            await connection.DisposeAsync();
            throw;
        }
    }

    public Task<T> WriteAsync<T>(Func<StoreTransaction, ValueTask<T>> work, CancellationToken cancellationToken) =>
        (writer ?? throw new InvalidOperationException($"'{Path}' is not open.")).WriteAsync(work, cancellationToken);

    public ValueTask<DbConnection> OpenReadAsync(CancellationToken cancellationToken) => connections.OpenReaderAsync(cancellationToken);

    /// <summary>Commits what waits, and closes the file.</summary>
    /// <returns>False if a unit hangs, and with it the file.</returns>
    public async Task<bool> CloseAsync()
    {
        // The writer closes last: only it can move the write-ahead log into the file, so that a copy of the file is whole.
        connections.ClearPool();
        return writer is null || await writer.CloseAsync();
    }

    public async ValueTask DisposeAsync() => await CloseAsync();
}
