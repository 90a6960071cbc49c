using System.Data;
using System.Data.Common;
using System.Diagnostics.CodeAnalysis;
using Npgsql;

namespace FlowPlatform.Storage.Postgres;

/// <summary>
/// A connection of a pool whose faults are the store's own (<see cref="PostgresFaults"/>), whoever runs the statement. For Dapper it is no <see cref="NpgsqlConnection"/>: so lists become
/// <c>IN (@1, @2, …)</c> as on SQLite, and not arrays. Not safe for concurrent use.
/// </summary>
internal sealed class PostgresConnection(NpgsqlConnection inner) : DbConnection
{
    private PostgresBatch? collecting;

    /// <summary>A statement has failed since the last <see cref="Forgive"/>: nothing can follow it in its transaction.</summary>
    public Exception? Failed { get; private set; }

    /// <summary>The connection has ended.</summary>
    public bool IsBroken => inner.State is not ConnectionState.Open || inner.FullState.HasFlag(ConnectionState.Broken);

    public NpgsqlConnection Inner => inner;

    /// <summary>The one that commands collect for; null if they run at once.</summary>
    public PostgresBatch? Collecting => collecting;

    // Dapper compares it to find what it has compiled for a statement; it holds no address and no password.
    [AllowNull]
    public override string ConnectionString
    {
        get => "postgres";
        set => throw new NotSupportedException("The connection belongs to a store.");
    }

    public override string Database => inner.Database;

    public override string DataSource => inner.DataSource;

    public override string ServerVersion => inner.ServerVersion;

    public override ConnectionState State => inner.State;

    public override void ChangeDatabase(string databaseName) => throw new NotSupportedException("A service has one database.");

    public override void Open() => throw new NotSupportedException("The connection is open.");

    public override void Close() => inner.Close();

    public override Task CloseAsync() => inner.CloseAsync();

    /// <summary>The transaction went back to before the failure.</summary>
    public void Forgive() => Failed = null;

    /// <summary>From here on commands without results wait for <see cref="PostgresBatch.RunAsync"/>, which runs them in one round trip.</summary>
    public PostgresBatch Collect() => collecting = new PostgresBatch(this);

    /// <summary>Ends <see cref="Collect"/>.</summary>
    public void EndCollecting() => collecting = null;

    /// <summary>Notes a fault, and says it as the store does.</summary>
    public Exception Translate(Exception fault)
    {
        var told = PostgresFaults.Translate(fault, IsBroken);
        Failed ??= told;
        return told;
    }

    protected override DbTransaction BeginDbTransaction(IsolationLevel isolationLevel) => inner.BeginTransaction(isolationLevel);

    protected override ValueTask<DbTransaction> BeginDbTransactionAsync(IsolationLevel isolationLevel, CancellationToken cancellationToken) => Begin(isolationLevel, cancellationToken);

    protected override DbCommand CreateDbCommand() => new PostgresCommand(this);

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            inner.Dispose();
        }

        base.Dispose(disposing);
    }

    public override async ValueTask DisposeAsync()
    {
        await inner.DisposeAsync();
        await base.DisposeAsync();
    }

    private async ValueTask<DbTransaction> Begin(IsolationLevel isolationLevel, CancellationToken cancellationToken) => await inner.BeginTransactionAsync(isolationLevel, cancellationToken);
}
