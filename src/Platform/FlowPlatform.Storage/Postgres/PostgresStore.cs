using System.Data.Common;
using FlowPlatform.Storage.Sql;
using FlowPlatform.Stores;

namespace FlowPlatform.Storage.Postgres;

/// <summary>A private database in one Postgres schema: a projection's generation, or the base of a service's main store. Replicas share it.</summary>
internal sealed class PostgresStore : IStore
{
    private readonly PostgresSources sources;
    private readonly TimeProvider clock;
    private PostgresWriter? writer;

    public PostgresStore(PostgresSources sources, TimeProvider clock)
    {
        this.sources = sources;
        this.clock = clock;
        Checkpoints = new SqlCheckpoints(this, clock);
        Parking = new SqlParking(this, clock);
    }

    public ICheckpoints Checkpoints { get; }

    public IParking Parking { get; }

    /// <summary>Makes and migrates the schema, whoever does it first.</summary>
    /// <param name="schemas">Scopes and their migrations, in order.</param>
    /// <param name="published">Streams that can be emitted to, or null.</param>
    /// <param name="outbox">Makes the outbox writer, or null.</param>
    /// <param name="cancellationToken">Cancels.</param>
    public async Task OpenAsync(
        IReadOnlyList<(string Scope, IReadOnlyList<Migration> Migrations)> schemas,
        PublishedStreams? published,
        Func<PostgresConnection, Task<PostgresOutboxWriter>>? outbox,
        CancellationToken cancellationToken)
    {
        await using var connection = await sources.OpenOwnAsync(cancellationToken);
        await PostgresMigrator.MigrateAsync(connection, sources.Schema, schemas, clock, cancellationToken);
        writer = new PostgresWriter(sources, published, outbox is null ? null : await outbox(connection), clock);
    }

    public Task<T> WriteAsync<T>(Func<StoreTransaction, ValueTask<T>> work, CancellationToken cancellationToken) => Writer.WriteAsync(work, cancellationToken);

    public Task<T> WriteAsync<T>(IReadOnlyCollection<string> keys, Func<StoreTransaction, ValueTask<T>> work, CancellationToken cancellationToken) =>
        Writer.WriteAsync(keys, work, cancellationToken);

    public ValueTask<DbConnection> OpenReadAsync(CancellationToken cancellationToken) => sources.OpenReaderAsync(cancellationToken);

    public async ValueTask DisposeAsync()
    {
        if (writer is not null)
        {
            await writer.DisposeAsync();
        }

        await sources.DisposeAsync();
    }

    private PostgresWriter Writer => writer ?? throw new InvalidOperationException($"Schema '{sources.Schema}' is not open.");
}
