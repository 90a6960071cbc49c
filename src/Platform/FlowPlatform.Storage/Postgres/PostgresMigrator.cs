using System.Security.Cryptography;
using System.Text;
using Dapper;
using FlowPlatform.Stores;
using Npgsql;

namespace FlowPlatform.Storage.Postgres;

/// <summary>Makes a schema and applies numbered migrations, each in a transaction of its own, under an advisory lock: whoever opens at the same time waits, and finds it done.</summary>
internal static class PostgresMigrator
{
    /// <summary>How long to wait for another process that migrates.</summary>
    private static readonly TimeSpan WaitLimit = TimeSpan.FromMinutes(2);

    public static async Task MigrateAsync(
        PostgresConnection connection, string schema, IReadOnlyList<(string Scope, IReadOnlyList<Migration> Migrations)> schemas, TimeProvider clock, CancellationToken cancellationToken)
    {
        await LockAsync(connection, schema, cancellationToken);
        try
        {
            // On Postgres 15 nobody but the database's owner may create a schema, whether it is there or not: ask first.
            if (!await connection.QuerySingleAsync<bool>("SELECT EXISTS (SELECT 1 FROM pg_namespace WHERE nspname = @schema)", new { schema }))
            {
                await connection.ExecuteAsync($"CREATE SCHEMA \"{schema}\"");
            }

            await connection.ExecuteAsync(
                "CREATE TABLE IF NOT EXISTS flow_migration (scope text, number integer, name text NOT NULL, hash text NOT NULL, applied_at timestamptz NOT NULL, PRIMARY KEY (scope, number))");
            foreach (var (scope, migrations) in schemas)
            {
                await MigrateAsync(connection, schema, scope, migrations, clock);
            }
        }
        catch (PostgresException failed)
        {
            throw new MigrationException($"Schema '{schema}' of '{connection.Database}' can't be made: {failed.MessageText} ({failed.SqlState}).", failed);
        }
        finally
        {
            if (!connection.IsBroken)
            {
                await connection.ExecuteAsync("SELECT pg_advisory_unlock_all()");
            }
        }
    }

    private static async Task LockAsync(PostgresConnection connection, string schema, CancellationToken cancellationToken)
    {
        await connection.ExecuteAsync($"SET lock_timeout = {(long)WaitLimit.TotalMilliseconds}");
        try
        {
            await connection.ExecuteAsync(new CommandDefinition("SELECT pg_advisory_lock(@key)", new { key = PostgresLocks.Of($"migrate {schema}") }, cancellationToken: cancellationToken));
        }
        catch (StoreBusyException busy)
        {
            throw new StoreBusyException($"Another process has been migrating schema '{schema}' of '{connection.Database}' for {WaitLimit.TotalSeconds} s.", busy);
        }
    }

    private static async Task MigrateAsync(PostgresConnection connection, string schema, string scope, IReadOnlyList<Migration> migrations, TimeProvider clock)
    {
        var place = $"{connection.Database}.{schema}";
        var applied = (await connection.QueryAsync<Applied>("SELECT number, name, hash FROM flow_migration WHERE scope = @scope", new { scope })).ToDictionary(row => row.Number);
        if (applied.Count > migrations.Count)
        {
            throw new MigrationException(
                $"'{place}' has {applied.Count} migrations of '{scope}', this program knows {migrations.Count}: it is older than the database. Run the newer one.");
        }

        foreach (var migration in migrations)
        {
            var hash = Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes(migration.Sql.ReplaceLineEndings("\n"))));
            if (!applied.TryGetValue(migration.Number, out var row))
            {
                await ApplyAsync(connection, place, scope, migration, hash, clock);
            }
            else if (row.Hash != hash)
            {
                throw new MigrationException(
                    $"Migration {scope}/{migration.Name} was changed after it was applied to '{place}'. Put it back as it was, and make the change in a new migration.");
            }
        }
    }

    private static async Task ApplyAsync(PostgresConnection connection, string place, string scope, Migration migration, string hash, TimeProvider clock)
    {
        await connection.ExecuteAsync("BEGIN TRANSACTION");
        try
        {
            await connection.ExecuteAsync(migration.Sql);
            await connection.ExecuteAsync(
                "INSERT INTO flow_migration (scope, number, name, hash, applied_at) VALUES (@scope, @Number, @Name, @hash, @now)",
                new { scope, migration.Number, migration.Name, hash, now = clock.GetUtcNow() });
            await connection.ExecuteAsync("COMMIT TRANSACTION");
        }
        catch (PostgresException failed)
        {
            await connection.ExecuteAsync("ROLLBACK TRANSACTION");
            throw new MigrationException($"Migration {scope}/{migration.Name} of '{place}' failed: {failed.MessageText} ({failed.SqlState}).", failed);
        }
    }

    private sealed class Applied
    {
        public int Number { get; init; }

        public string Hash { get; init; } = "";
    }
}
