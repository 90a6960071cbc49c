using System.Security.Cryptography;
using System.Text;
using Dapper;
using FlowPlatform.Stores;
using Microsoft.Data.Sqlite;

namespace FlowPlatform.Storage.Sqlite;

/// <summary>Applies numbered migrations, each in a transaction of its own, and remembers what it applied. The caller has the file for itself.</summary>
internal static class SqliteMigrator
{
    public static async Task MigrateAsync(SqliteConnection connection, string scope, IReadOnlyList<Migration> migrations, TimeProvider clock)
    {
        await connection.ExecuteAsync(
            "CREATE TABLE IF NOT EXISTS flow_migration (scope TEXT, number INTEGER, name TEXT NOT NULL, hash TEXT NOT NULL, applied_at TEXT NOT NULL, PRIMARY KEY (scope, number)) STRICT, WITHOUT ROWID");
        var applied = (await connection.QueryAsync<Applied>("SELECT number, name, hash FROM flow_migration WHERE scope = @scope", new { scope })).ToDictionary(row => row.Number);
        if (applied.Count > migrations.Count)
        {
            throw new MigrationException(
                $"'{connection.DataSource}' has {applied.Count} migrations of '{scope}', this program knows {migrations.Count}: it is older than the database. Run the newer one.");
        }

        foreach (var migration in migrations)
        {
            var hash = Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes(migration.Sql.ReplaceLineEndings("\n"))));
            if (!applied.TryGetValue(migration.Number, out var row))
            {
                await ApplyAsync(connection, scope, migration, hash, clock);
            }
            else if (row.Hash != hash)
            {
                throw new MigrationException(
                    $"Migration {scope}/{migration.Name} was changed after it was applied to '{connection.DataSource}'. Put it back as it was, and make the change in a new migration.");
            }
        }
    }

    private static async Task ApplyAsync(SqliteConnection connection, string scope, Migration migration, string hash, TimeProvider clock)
    {
        await connection.ExecuteAsync("BEGIN IMMEDIATE");
        try
        {
            await connection.ExecuteAsync(migration.Sql);
            await connection.ExecuteAsync(
                "INSERT INTO flow_migration (scope, number, name, hash, applied_at) VALUES (@scope, @Number, @Name, @hash, @now)",
                new { scope, migration.Number, migration.Name, hash, now = clock.GetUtcNow() });
            await connection.ExecuteAsync("COMMIT");
        }
        catch (SqliteException failed)
        {
            await connection.ExecuteAsync("ROLLBACK");
            throw new MigrationException($"Migration {scope}/{migration.Name} of '{connection.DataSource}' failed: {failed.Message}", failed);
        }
    }

    private sealed class Applied
    {
        public int Number { get; init; }

        public string Hash { get; init; } = "";
    }
}
