using Npgsql;

namespace FlowPlatform.Orchestration.Tests.Postgres;

/// <summary>Statements of a test, each on a connection of its own that no pool keeps.</summary>
internal static class Sql
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public static async Task<object?> ScalarAsync(string connectionString, string sql)
    {
        await using var connection = new NpgsqlConnection(new NpgsqlConnectionStringBuilder(connectionString) { Pooling = false }.ConnectionString);
        await connection.OpenAsync(Token);
        await using var command = new NpgsqlCommand(sql, connection);
        return await command.ExecuteScalarAsync(Token);
    }

    public static async Task ExecuteAsync(string connectionString, params string[] statements)
    {
        foreach (var sql in statements)
        {
            await ScalarAsync(connectionString, sql);
        }
    }

    /// <summary>The same server, for somebody else or another database.</summary>
    public static string With(string connectionString, Action<NpgsqlConnectionStringBuilder> change)
    {
        var settings = new NpgsqlConnectionStringBuilder(connectionString);
        change(settings);
        return settings.ConnectionString;
    }

    /// <summary>The state with which a statement is refused.</summary>
    public static async Task<string> RefusalAsync(string connectionString, string sql = "SELECT 1") =>
        (await Should.ThrowAsync<PostgresException>(() => ScalarAsync(connectionString, sql))).SqlState;
}
