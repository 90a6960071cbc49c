using FlowPlatform.Stores;
using Npgsql;

namespace FlowPlatform.Storage.Postgres;

/// <summary>Tells Postgres's faults that pass by themselves, or once somebody has made room, from those that come again.</summary>
internal static class PostgresFaults
{
    /// <summary>As callers of a store know it: what passes is a <see cref="StoreBusyException"/>, with nothing done; the rest is itself.</summary>
    /// <param name="fault">What the driver threw.</param>
    /// <param name="broken">The connection has ended, whatever the driver said.</param>
    public static Exception Translate(Exception fault, bool broken = false) => fault switch
    {
        StoreBusyException or OperationCanceledException => fault,
        PostgresException { SqlState: "57014" } slow => new StoreBusyException($"A statement took longer than Postgres may take for it: {slow.MessageText}.", slow),
        PostgresException server when Passes(server.SqlState) => new StoreBusyException($"Postgres can't do it now ({server.SqlState}): {server.MessageText}.", server),
        PostgresException server => server,
        NpgsqlException or TimeoutException or System.Net.Sockets.SocketException or IOException => new StoreBusyException($"There is no connection to Postgres: {Reason(fault)}", fault),
        _ when broken => new StoreBusyException("The connection to Postgres has ended.", fault),
        _ => fault,
    };

    /// <summary>All of a pool's connections are in use: the server itself is well, as far as is known.</summary>
    public static bool IsOfPool(Exception fault) => fault is NpgsqlException and not PostgresException && fault.Message.StartsWith("The connection pool has been exhausted", StringComparison.Ordinal);

    /// <summary>Without the server's address: it goes out to clients, who are told why they must wait.</summary>
    private static string Reason(Exception fault) => fault switch
    {
        System.Net.Sockets.SocketException socket => $"{socket.SocketErrorCode}.",
        { InnerException: { } inner } => Reason(inner),
        NpgsqlException { Message: var message } when message.StartsWith("Failed to connect", StringComparison.Ordinal) => "it can't be reached.",
        _ => fault.Message,
    };

    /// <summary>Connections (08), resources such as disk and memory (53), serialization and deadlock (40), locks (55P03), shutdown and start (57P0x), an idle transaction that was ended (25P03).</summary>
    private static bool Passes(string state) =>
        state is "55P03" or "25P03" or "40001" or "40P01"
        || state.StartsWith("08", StringComparison.Ordinal)
        || state.StartsWith("53", StringComparison.Ordinal)
        || state.StartsWith("57P0", StringComparison.Ordinal);
}
