using Dapper;
using FlowPlatform.Storage.Postgres;
using FlowPlatform.Storage.Sqlite;
using FlowPlatform.Stores;

namespace FlowPlatform.Testing.Running;

/// <summary>The store of one fold: a SQLite file, or a schema of its own in a Postgres database. Nothing of it is left when it is disposed of.</summary>
internal sealed class FoldStore : IAsyncDisposable
{
    private readonly string name;
    private readonly TemporaryDirectory? directory;
    private readonly SqliteStore? sqlite;
    private readonly PostgresStore? postgres;
    private readonly PostgresSources? sources;

    public FoldStore(string name, string? connectionString)
    {
        this.name = name;
        if (connectionString is null)
        {
            directory = new TemporaryDirectory();
            sqlite = new SqliteStore(Path.Combine(directory.Path, $"{name}.db"), durable: false, TimeProvider.System, scratch: true);
        }
        else
        {
            sources = new PostgresSources(connectionString, "test", $"fold_{Guid.NewGuid():N}", maxWriters: 1, TimeSpan.FromSeconds(10), new ConnectionGate(TimeProvider.System));
            postgres = new PostgresStore(sources, TimeProvider.System);
        }
    }

    public IStore Store => (IStore?)sqlite ?? postgres!;

    public Task OpenAsync(IReadOnlyList<Migration> migrations) => sqlite is not null
        ? sqlite.OpenAsync([(name, migrations)], null, null, TestRun.Cancellation())
        : postgres!.OpenAsync([(name, migrations)], null, null, TestRun.Cancellation());

    public async ValueTask DisposeAsync()
    {
        if (sources is not null)
        {
            await using (var connection = await sources.OpenOwnAsync(CancellationToken.None))
            {
                await connection.ExecuteAsync($"DROP SCHEMA IF EXISTS {sources.Schema} CASCADE");
            }

            await postgres!.DisposeAsync();
        }
        else
        {
            await sqlite!.DisposeAsync();
            directory!.Dispose();
        }
    }
}
