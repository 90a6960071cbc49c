using Npgsql;

namespace FlowPlatform.Orchestration.Postgres;

/// <summary>
/// A service's database and its role, both of one name: the role owns the database and nothing else, and nobody but it (and superusers) may connect.
/// Making it again changes nothing but the password.
/// </summary>
internal sealed class ServiceDatabase(string name, string password)
{
    /// <summary>Of the advisory lock under which catalogs are changed: several AppHosts and services may do it at once.</summary>
    private const long LockKey = 0x464C_4F57_0001;

    private static readonly TimeSpan RetryInterval = TimeSpan.FromMilliseconds(250);

    private string Quoted { get; } = $"\"{name.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";

    /// <summary>Makes it, waiting for a server that is only starting.</summary>
    /// <param name="server">The connection string of a superuser, or of one who may create roles and databases.</param>
    /// <param name="patience">How long a server may take until it answers.</param>
    /// <param name="time">The clock.</param>
    /// <param name="cancellationToken">Stops the attempt.</param>
    /// <exception cref="PostgresServerException">The server can't be reached or used, or the name belongs to somebody else there.</exception>
    public async Task<ServerFacts> EnsureAsync(string server, TimeSpan patience, TimeProvider time, CancellationToken cancellationToken)
    {
        var settings = ServerFaults.Parse(server);
        var started = time.GetTimestamp();
        while (true)
        {
            try
            {
                return await EnsureOnceAsync(settings, cancellationToken);
            }
            catch (Exception e) when (e is NpgsqlException or TimeoutException or PostgresServerException or System.Net.Sockets.SocketException)
            {
                var told = ServerFaults.Tell(e, settings);
                if (!told.MayPass || time.GetElapsedTime(started) > patience)
                {
                    throw told;
                }
            }
            await Task.Delay(RetryInterval, time, cancellationToken);
        }
    }

    private async Task<ServerFacts> EnsureOnceAsync(NpgsqlConnectionStringBuilder settings, CancellationToken cancellationToken)
    {
        await using var connection = new NpgsqlConnection(settings.ConnectionString);
        await connection.OpenAsync(cancellationToken);
        var facts = await ServerFacts.ReadAsync(connection, cancellationToken);
        facts.Check(ServerFaults.Where(settings));
        // Unpooled: the lock ends with the connection at the latest.
        await ExecuteAsync(connection, $"SELECT pg_advisory_lock({LockKey})", cancellationToken);
        await EnsureRoleAsync(connection, cancellationToken);
        if (facts.IsSuperuser)
        {
            await EnsureDatabaseAsync(connection, cancellationToken);
            return facts;
        }
        // Only a member of a role can make databases that belong to it.
        await ExecuteAsync(connection, $"GRANT {Quoted} TO CURRENT_USER", cancellationToken);
        await EnsureDatabaseAsync(connection, cancellationToken);
        await ExecuteAsync(connection, $"REVOKE {Quoted} FROM CURRENT_USER", cancellationToken);
        return facts;
    }

    private async Task EnsureRoleAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        const string Modest = "LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE";
        var literal = $"'{password.Replace("'", "''", StringComparison.Ordinal)}'";
        switch (await ScalarAsync(connection, "SELECT rolsuper OR rolcreaterole OR rolcreatedb FROM pg_catalog.pg_roles WHERE rolname = $1", cancellationToken))
        {
            case null:
                await ExecuteAsync(connection, $"CREATE ROLE {Quoted} {Modest} PASSWORD {literal}", cancellationToken);
                break;
            case true:
                throw new PostgresServerException($"The role '{name}' on the server has rights that no service has: it belongs to somebody else. " +
                    "Rename it, or choose other names with FLOW_POSTGRES_PREFIX.");
            default:
                await ExecuteAsync(connection, $"ALTER ROLE {Quoted} LOGIN PASSWORD {literal}", cancellationToken);
                break;
        }
    }

    /// <summary>Text sorts by its bytes, as in SQLite, whatever the server's default is.</summary>
    private async Task EnsureDatabaseAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        switch (await ScalarAsync(connection, "SELECT pg_catalog.pg_get_userbyid(datdba)::text FROM pg_catalog.pg_database WHERE datname = $1", cancellationToken))
        {
            case null:
                await ExecuteAsync(connection,
                    $"CREATE DATABASE {Quoted} OWNER {Quoted} TEMPLATE template0 ENCODING 'UTF8' LOCALE_PROVIDER libc LC_COLLATE 'C' LC_CTYPE 'C'", cancellationToken);
                break;
            case string owner when owner != name:
                throw new PostgresServerException($"The database '{name}' on the server belongs to '{owner}', not to a service's role. " +
                    "Rename it, or choose other names with FLOW_POSTGRES_PREFIX.");
        }
        await ExecuteAsync(connection, $"REVOKE ALL ON DATABASE {Quoted} FROM PUBLIC", cancellationToken);
    }

    private async Task<object?> ScalarAsync(NpgsqlConnection connection, string sql, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(sql, connection) { Parameters = { new NpgsqlParameter { Value = name } } };
        return await command.ExecuteScalarAsync(cancellationToken);
    }

    private static async Task ExecuteAsync(NpgsqlConnection connection, string sql, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync(cancellationToken);
    }
}
