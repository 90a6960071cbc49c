using System.Net.Sockets;
using Npgsql;

namespace FlowPlatform.Orchestration.Postgres;

/// <summary>Says what is wrong with a server that runs already, and what to do. No message holds a password.</summary>
internal static class ServerFaults
{
    /// <exception cref="PostgresServerException">It is no connection string, or lacks the host.</exception>
    public static NpgsqlConnectionStringBuilder Parse(string connectionString)
    {
        const string Form = "It must be like Host=db.example;Port=5432;Username=admin;Password=…";
        try
        {
            var settings = new NpgsqlConnectionStringBuilder(connectionString) { Pooling = false };
            settings.Database ??= "postgres";
            return settings.Host is { Length: > 0 } ? settings : throw new PostgresServerException($"The Postgres connection string names no host. {Form}");
        }
        catch (Exception e) when (e is ArgumentException or FormatException or KeyNotFoundException)
        {
            // Its message may quote what was given, the password included.
            throw new PostgresServerException($"The Postgres connection string can't be read. {Form}");
        }
    }

    public static string Where(NpgsqlConnectionStringBuilder settings) => $"{settings.Host}:{settings.Port}";

    public static PostgresServerException Tell(Exception fault, NpgsqlConnectionStringBuilder settings)
    {
        var where = Where(settings);
        return fault switch
        {
            PostgresServerException told => told,
            PostgresException { SqlState: PostgresErrorCodes.InvalidPassword or PostgresErrorCodes.InvalidAuthorizationSpecification } e =>
                new PostgresServerException($"The server at {where} refuses the user '{settings.Username}' ({e.MessageText}). Correct user and password in ConnectionStrings__postgres.", e),
            PostgresException { SqlState: PostgresErrorCodes.InvalidCatalogName } e =>
                new PostgresServerException($"The server at {where} has no database '{settings.Database}'. Name one that exists in ConnectionStrings__postgres.", e),
            PostgresException { SqlState: PostgresErrorCodes.InsufficientPrivilege } e =>
                new PostgresServerException($"The server at {where} does not let '{settings.Username}' make what services need ({e.MessageText}). Use a superuser, or give each service its own ConnectionStrings__<service>-db.", e),
            PostgresException { SqlState: PostgresErrorCodes.TooManyConnections } e =>
                new PostgresServerException($"The server at {where} has no connection left ({e.MessageText}). Raise its max_connections, or end others.", e) { MayPass = true },
            PostgresException { SqlState: PostgresErrorCodes.CannotConnectNow or PostgresErrorCodes.AdminShutdown or PostgresErrorCodes.CrashShutdown } e =>
                new PostgresServerException($"The server at {where} is not ready ({e.MessageText}).", e) { MayPass = true },
            PostgresException e => new PostgresServerException($"The server at {where} failed: {e.MessageText} ({e.SqlState}).", e),
            NpgsqlException { InnerException: SocketException { SocketErrorCode: SocketError.HostNotFound or SocketError.NoData } } e =>
                new PostgresServerException($"The host '{settings.Host}' of the Postgres server is not known. Correct ConnectionStrings__postgres.", e),
            NpgsqlException or TimeoutException or SocketException =>
                new PostgresServerException($"No Postgres server answers at {where} ({Reason(fault)}). Start it, or correct ConnectionStrings__postgres.", fault) { MayPass = true },
            _ => new PostgresServerException($"The server at {where} can't be used: {fault.Message}", fault),
        };
    }

    private static string Reason(Exception fault) => fault.InnerException?.Message ?? fault.Message;
}
