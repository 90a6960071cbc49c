using System.Data;
using System.Data.Common;
using System.Diagnostics.CodeAnalysis;
using Npgsql;

namespace FlowPlatform.Storage.Postgres;

/// <summary>A command of a <see cref="PostgresConnection"/>.</summary>
internal sealed class PostgresCommand : DbCommand
{
    private readonly NpgsqlCommand inner;
    private readonly PostgresConnection connection;

    public PostgresCommand(PostgresConnection connection)
    {
        this.connection = connection;
        inner = connection.Inner.CreateCommand();
    }

    [AllowNull]
    public override string CommandText
    {
        get => inner.CommandText;
        set => inner.CommandText = value;
    }

    public override int CommandTimeout
    {
        get => inner.CommandTimeout;
        set => inner.CommandTimeout = value;
    }

    public override CommandType CommandType
    {
        get => inner.CommandType;
        set => inner.CommandType = value;
    }

    public override bool DesignTimeVisible { get; set; }

    public override UpdateRowSource UpdatedRowSource
    {
        get => inner.UpdatedRowSource;
        set => inner.UpdatedRowSource = value;
    }

    protected override DbConnection? DbConnection
    {
        get => connection;
        set
        {
            if (value != connection)
            {
                throw new NotSupportedException("A command stays with its connection.");
            }
        }
    }

    protected override DbParameterCollection DbParameterCollection => inner.Parameters;

    protected override DbTransaction? DbTransaction { get; set; }

    public override void Cancel() => inner.Cancel();

    public override void Prepare() => inner.Prepare();

    public override int ExecuteNonQuery() => Run(inner.ExecuteNonQuery);

    public override object? ExecuteScalar() => Run(inner.ExecuteScalar);

    public override async Task<int> ExecuteNonQueryAsync(CancellationToken cancellationToken)
    {
        if (connection.Collecting is { } batch)
        {
            batch.Add(inner);
            return 0;
        }

        try
        {
            return await inner.ExecuteNonQueryAsync(cancellationToken);
        }
        catch (Exception fault)
        {
            throw Told(fault);
        }
    }

    public override async Task<object?> ExecuteScalarAsync(CancellationToken cancellationToken)
    {
        try
        {
            return await inner.ExecuteScalarAsync(cancellationToken);
        }
        catch (Exception fault)
        {
            throw Told(fault);
        }
    }

    protected override DbDataReader ExecuteDbDataReader(CommandBehavior behavior) => Run(() => new PostgresReader(inner.ExecuteReader(behavior), connection));

    protected override async Task<DbDataReader> ExecuteDbDataReaderAsync(CommandBehavior behavior, CancellationToken cancellationToken)
    {
        try
        {
            return new PostgresReader(await inner.ExecuteReaderAsync(behavior, cancellationToken), connection);
        }
        catch (Exception fault)
        {
            throw Told(fault);
        }
    }

    protected override DbParameter CreateDbParameter() => inner.CreateParameter();

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            inner.Dispose();
        }

        base.Dispose(disposing);
    }

    private T Run<T>(Func<T> run)
    {
        try
        {
            return run();
        }
        catch (Exception fault)
        {
            throw Told(fault);
        }
    }

    /// <summary>Server faults come out as themselves, with their own stack, unless they pass.</summary>
    private Exception Told(Exception fault)
    {
        var told = connection.Translate(fault);
        if (ReferenceEquals(told, fault))
        {
            System.Runtime.ExceptionServices.ExceptionDispatchInfo.Throw(fault);
        }

        return told;
    }
}
