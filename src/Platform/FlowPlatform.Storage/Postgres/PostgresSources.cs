using System.Data.Common;
using Npgsql;

namespace FlowPlatform.Storage.Postgres;

/// <summary>
/// Connections to one schema: a pool to write and one to read, so that reading never waits for a writer's place. Bounded: a replica of a service with one projection holds at most 33
/// connections, and about 6 when it is idle. Safe for concurrent use.
/// </summary>
internal sealed class PostgresSources : IAsyncDisposable
{
    /// <summary>The longest statement of a writer: with a lock it may hold others up for so long.</summary>
    public static readonly TimeSpan WriteTimeout = TimeSpan.FromSeconds(10);

    /// <summary>The longest statement of a reader.</summary>
    public static readonly TimeSpan ReadTimeout = TimeSpan.FromSeconds(30);

    private const int MaxReaders = 10;
    private readonly NpgsqlDataSource writing;
    private readonly NpgsqlDataSource reading;
    private readonly string own;
    private readonly ConnectionGate gate;

    static PostgresSources() => DapperTypes.Register();

    /// <summary>Creates it; opens nothing.</summary>
    /// <param name="connectionString">Of the service's database.</param>
    /// <param name="service">Name of the service, for those who look at the server.</param>
    /// <param name="schema">The schema, which is all that is on the search path.</param>
    /// <param name="maxWriters">The most transactions at a time.</param>
    /// <param name="lockTimeout">How long a transaction waits for a lock, and how long it may do nothing: a replica that was paused inside one is out after that (rule C4).</param>
    /// <param name="gate">All that the process opens on the server goes through it.</param>
    public PostgresSources(string connectionString, string service, string schema, int maxWriters, TimeSpan lockTimeout, ConnectionGate gate)
    {
        this.gate = gate;
        Schema = schema;
        var basis = new NpgsqlConnectionStringBuilder(connectionString);
        Database = basis.Database ?? "";
        Describe = $"Postgres database '{basis.Database}' at {basis.Host}:{basis.Port}";
        writing = NpgsqlDataSource.Create(Builder(basis, $"{service} {schema} write", WriteTimeout, write: true, maxWriters, lockTimeout));
        reading = NpgsqlDataSource.Create(Builder(basis, $"{service} {schema} read", ReadTimeout, write: false, MaxReaders, lockTimeout));
        var alone = Builder(basis, $"{service} {schema}", TimeSpan.Zero, write: true, 1, lockTimeout);
        (alone.Pooling, alone.KeepAlive) = (false, 10);
        own = alone.ConnectionString;
    }

    /// <summary>The schema.</summary>
    public string Schema { get; }

    /// <summary>The database.</summary>
    public string Database { get; }

    /// <summary>Where it is, without user and password.</summary>
    public string Describe { get; }

    /// <summary>Refuses what is no connection string. The driver's own message may hold a part of a password that was written without quotes, so it goes no further.</summary>
    /// <exception cref="InvalidOperationException">It is none, or names no host or no database.</exception>
    public static void Check(string connectionString, string setting)
    {
        bool whole;
        try
        {
            whole = new NpgsqlConnectionStringBuilder(connectionString) is { Host.Length: > 0, Database.Length: > 0 };
        }
        catch (Exception fault) when (fault is ArgumentException or FormatException or KeyNotFoundException or OverflowException)
        {
            whole = false;
        }

        if (!whole)
        {
            throw new InvalidOperationException(
                $"{setting} can't be used. It must be like Host=localhost;Port=5432;Database=orders;Username=orders;Password=…, with values in double quotes that have a semicolon in them.");
        }
    }

    /// <summary>A connection for one transaction.</summary>
    public ValueTask<PostgresConnection> OpenWriterAsync(CancellationToken cancellationToken) => OpenAsync(writing, cancellationToken);

    /// <summary>A read-only connection.</summary>
    public async ValueTask<DbConnection> OpenReaderAsync(CancellationToken cancellationToken) => await OpenAsync(reading, cancellationToken);

    /// <summary>A connection outside the pools, with no limit for a statement: to migrate, and to listen. Dead peers are noticed within 20 s.</summary>
    public ValueTask<PostgresConnection> OpenOwnAsync(CancellationToken cancellationToken) => gate.OpenAsync(
        async cancel =>
        {
            var connection = new NpgsqlConnection(own);
            try
            {
                await connection.OpenAsync(cancel);
                return new PostgresConnection(connection);
            }
            catch
            {
                await connection.DisposeAsync();
                throw;
            }
        },
        cancellationToken);

    public async ValueTask DisposeAsync()
    {
        await reading.DisposeAsync();
        await writing.DisposeAsync();
    }

    private ValueTask<PostgresConnection> OpenAsync(NpgsqlDataSource source, CancellationToken cancellationToken) =>
        gate.OpenAsync(async cancel => new PostgresConnection(await source.OpenConnectionAsync(cancel)), cancellationToken);

    private NpgsqlConnectionStringBuilder Builder(NpgsqlConnectionStringBuilder basis, string name, TimeSpan statement, bool write, int max, TimeSpan lockTimeout) => new(basis.ConnectionString)
    {
        SearchPath = Schema,
        ApplicationName = name.Length > 63 ? name[..63] : name,
        Options = $"-c lock_timeout={Milliseconds(lockTimeout)} -c idle_in_transaction_session_timeout={Milliseconds(lockTimeout)} -c statement_timeout={Milliseconds(statement)} "
            + $"-c default_transaction_isolation=read\\ committed -c default_transaction_read_only={(write ? "off" : "on")} -c TimeZone=UTC {basis.Options}",

        // A server that starts many at a time, or has just started itself, takes seconds for one.
        Timeout = 10,

        // The server ends a statement first; this is for a server that doesn't answer.
        CommandTimeout = statement == TimeSpan.Zero ? 0 : (int)statement.TotalSeconds + 5,
        CancellationTimeout = 2_000,
        TcpKeepAlive = true,
        MinPoolSize = 0,
        MaxPoolSize = max,
        ConnectionIdleLifetime = 60,
        ConnectionPruningInterval = 10,

        // Transactions leave nothing behind in the session; who reads may.
        NoResetOnClose = write,
        MaxAutoPrepare = 100,
        AutoPrepareMinUsages = 2,
        Enlist = false,

        // Details of a violated constraint hold values, and values can be about people.
        IncludeErrorDetail = false,
        PersistSecurityInfo = false,

        // Its default looks for a Kerberos library and complains where there is none.
        GssEncryptionMode = basis.ContainsKey("GSS Encryption Mode") ? basis.GssEncryptionMode : GssEncryptionMode.Disable,
    };

    private static string Milliseconds(TimeSpan time) => ((long)time.TotalMilliseconds).ToString(System.Globalization.CultureInfo.InvariantCulture);
}
