using System.Globalization;
using Npgsql;

namespace FlowPlatform.Orchestration.Postgres;

/// <summary>A database of one test, and the role that owns it and nothing else.</summary>
public sealed class TestDatabase : IAsyncDisposable
{
    private readonly string server;

    private TestDatabase(string server, string name, string connectionString)
    {
        this.server = server;
        Name = name;
        ConnectionString = connectionString;
    }

    /// <summary>The name of the database and of its role.</summary>
    public string Name { get; }

    /// <summary>The owner's. Others' pools don't share its connections.</summary>
    public string ConnectionString { get; }

    internal static async Task<TestDatabase> CreateAsync(string server, CancellationToken cancellationToken)
    {
        var name = string.Create(CultureInfo.InvariantCulture, $"test_{Environment.ProcessId}_{Guid.NewGuid():N}")[..40];
        var password = Guid.NewGuid().ToString("N");
        await ExecuteAsync(server, [$"CREATE ROLE {name} LOGIN PASSWORD '{password}'", $"CREATE DATABASE {name} OWNER {name}"], cancellationToken);
        var owner = new NpgsqlConnectionStringBuilder(server) { Username = name, Password = password, Database = name };
        return new TestDatabase(server, name, owner.ConnectionString);
    }

    /// <summary>Ends the database's connections, drops it and its role.</summary>
    public async ValueTask DisposeAsync()
    {
        await using (var pooled = new NpgsqlConnection(ConnectionString))
        {
            NpgsqlConnection.ClearPool(pooled);
        }
        await ExecuteAsync(server, [$"DROP DATABASE IF EXISTS {Name} WITH (FORCE)", $"DROP ROLE IF EXISTS {Name}"], CancellationToken.None);
    }

    /// <summary>Outside of a transaction, where databases are made and dropped.</summary>
    private static async Task ExecuteAsync(string server, string[] statements, CancellationToken cancellationToken)
    {
        await using var connection = new NpgsqlConnection(new NpgsqlConnectionStringBuilder(server) { Pooling = false }.ConnectionString);
        await connection.OpenAsync(cancellationToken);
        foreach (var statement in statements)
        {
            await using var command = new NpgsqlCommand(statement, connection);
            await command.ExecuteNonQueryAsync(cancellationToken);
        }
    }
}
