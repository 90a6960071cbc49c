using System.Globalization;
using Npgsql;

namespace FlowPlatform.Orchestration.Postgres;

/// <summary>What a server says of itself and of the user who asks.</summary>
internal sealed record ServerFacts(string Version, int VersionNumber, string User, bool IsSuperuser, bool MayCreateRoles, bool MayCreateDatabases, bool IsReadOnly)
{
    private const int NumberPerMajor = 10_000;

    public static async Task<ServerFacts> ReadAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(
            """
            SELECT current_setting('server_version'), current_setting('server_version_num')::int, rolname, rolsuper, rolcreaterole, rolcreatedb, pg_is_in_recovery()
            FROM pg_catalog.pg_roles WHERE rolname = current_user
            """, connection);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        await reader.ReadAsync(cancellationToken);
        return new ServerFacts(
            reader.GetString(0), reader.GetInt32(1), reader.GetString(2), reader.GetBoolean(3), reader.GetBoolean(4), reader.GetBoolean(5), reader.GetBoolean(6));
    }

    /// <exception cref="PostgresServerException">Services' databases can't be made there.</exception>
    public void Check(string where)
    {
        if (VersionNumber / NumberPerMajor < PostgresInstallation.VersionMin)
        {
            throw new PostgresServerException(string.Create(CultureInfo.InvariantCulture,
                $"The server at {where} is Postgres {Version}, which is too old: {PostgresInstallation.VersionMin} or newer is needed."));
        }
        if (IsReadOnly)
        {
            throw new PostgresServerException($"The server at {where} is a standby, which can only be read. Name the primary in ConnectionStrings__postgres.");
        }
        if (!IsSuperuser && !(MayCreateRoles && MayCreateDatabases))
        {
            throw new PostgresServerException($"The user '{User}' at {where} may not create {(MayCreateRoles ? "databases" : MayCreateDatabases ? "roles" : "roles and databases")}: " +
                $"have ALTER ROLE \"{User}\" CREATEROLE CREATEDB run there, or give each service its own ConnectionStrings__<service>-db.");
        }
    }
}
