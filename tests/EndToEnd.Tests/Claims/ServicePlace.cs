using FlowPlatform.Orchestration.Postgres;
using FlowPlatform.Tests.Support;
using Microsoft.Data.Sqlite;
using Npgsql;

namespace FlowPlatform.EndToEnd.Tests.Claims;

/// <summary>Where one service keeps what is its own: a directory of SQLite files, or a Postgres database. It outlives the service, as a disk does, and goes with the test.</summary>
internal sealed class ServicePlace : IAsyncDisposable
{
    private readonly TemporaryDirectory directory = new();
    private readonly TestDatabase? database;

    private ServicePlace(string name, TestDatabase? database)
    {
        Name = name;
        this.database = database;
    }

    /// <summary>Name of the service.</summary>
    public string Name { get; }

    public string Directory => directory.Path;

    public string ConnectionString => database!.ConnectionString;

    public bool IsPostgres => database is not null;

    /// <summary>Configuration that leads the service here.</summary>
    public IEnumerable<KeyValuePair<string, string?>> Settings =>
        IsPostgres ? [new($"ConnectionStrings:{Name}-db", ConnectionString)] : [new("FLOW_DATA", Directory)];

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    /// <param name="servers">The test run's.</param>
    /// <param name="name">Name of the service.</param>
    /// <param name="kind"><c>sqlite</c> or <c>postgres</c>.</param>
    public static async Task<ServicePlace> CreateAsync(ClaimServers servers, string name, string kind) => new(name, kind == "postgres" ? await servers.CreateDatabaseAsync() : null);

    /// <summary>Takes a projection's database away from its consumer, as a forgotten transaction or a hung backup would: until disposed, nothing can be written to it.</summary>
    public async Task<IAsyncDisposable> LockAsync(string projection, string table)
    {
        if (IsPostgres)
        {
            var connection = await ConnectAsync();
            await ExecuteAsync(connection, $"BEGIN; LOCK TABLE {SchemaOf(projection)}.{table} IN ACCESS EXCLUSIVE MODE");
            return connection;
        }

        var held = new SqliteConnection($"Data Source={FileOf(projection)};Pooling=False");
        await held.OpenAsync(Token);
        await using var begin = held.CreateCommand();
        begin.CommandText = "BEGIN IMMEDIATE";
        await begin.ExecuteNonQueryAsync(Token);
        return held;
    }

    /// <summary>Deletes a projection's database, with everything in it. The service must not run.</summary>
    public async Task DropAsync(string projection)
    {
        if (!IsPostgres)
        {
            File.Exists(FileOf(projection)).ShouldBeTrue();
            foreach (var file in System.IO.Directory.GetFiles(Directory, $"{projection}.g1.db*"))
            {
                File.Delete(file);
            }

            return;
        }

        await using var connection = await ConnectAsync();
        await ExecuteAsync(connection, $"DROP SCHEMA {SchemaOf(projection)} CASCADE");
    }

    /// <summary>Reads one column, past the service.</summary>
    public async Task<IReadOnlyList<string>> AskAsync(string sql)
    {
        await using var connection = await ConnectAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        await using var reader = await command.ExecuteReaderAsync(Token);
        List<string> answers = [];
        while (await reader.ReadAsync(Token))
        {
            answers.Add(reader.GetString(0));
        }

        return answers;
    }

    public async ValueTask DisposeAsync()
    {
        directory.Dispose();
        await (database?.DisposeAsync() ?? ValueTask.CompletedTask);
    }

    private static string SchemaOf(string projection) => $"{projection.Replace('-', '_')}_g1";

    private string FileOf(string projection) => Path.Combine(Directory, $"{projection}.g1.db");

    private async Task<NpgsqlConnection> ConnectAsync()
    {
        var connection = new NpgsqlConnection(new NpgsqlConnectionStringBuilder(ConnectionString) { Pooling = false, GssEncryptionMode = GssEncryptionMode.Disable }.ConnectionString);
        await connection.OpenAsync(Token);
        return connection;
    }

    private static async Task ExecuteAsync(NpgsqlConnection connection, string sql)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync(Token);
    }
}
