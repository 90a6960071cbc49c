using System.Data;
using Microsoft.Data.Sqlite;

namespace FlowPlatform.Storage.Sqlite;

/// <summary>
/// Prepared statements of one connection by their text: parsing and planning took as long as running for the small statements of a consumer. Bounded; the one unused for longest goes.
/// Not safe for concurrent use, as the connection isn't.
/// </summary>
internal sealed class StatementCache(SqliteConnection connection) : IDisposable
{
    /// <summary>A service has a few dozen statements. Lists expanded into the text (<c>IN @ids</c>) make one for every length.</summary>
    private const int MaxStatements = 128;
    private readonly Dictionary<string, Entry> entries = new(StringComparer.Ordinal);
    private long uses;

    /// <summary>A command with this text that nobody uses at present.</summary>
    public SqliteCommand Rent(string text)
    {
        if (entries.Remove(text, out var found))
        {
            return found.Command;
        }

        return new SqliteCommand(text, connection);
    }

    public void Return(SqliteCommand command)
    {
        command.Parameters.Clear();
        if (entries.Count >= MaxStatements)
        {
            var oldest = entries.MinBy(entry => entry.Value.LastUse);
            entries.Remove(oldest.Key);
            oldest.Value.Command.Dispose();
        }

        if (!entries.TryAdd(command.CommandText, new Entry(command, ++uses)))
        {
            command.Dispose();
        }
    }

    public void Dispose()
    {
        foreach (var entry in entries.Values)
        {
            entry.Command.Dispose();
        }

        entries.Clear();
    }

    private readonly record struct Entry(SqliteCommand Command, long LastUse);
}

/// <summary>A connection whose commands run on cached prepared statements, whoever makes them: Dapper makes a command for every call.</summary>
internal sealed class CachingConnection : SqliteConnection
{
    private readonly StatementCache statements;

    public CachingConnection(string connectionString)
        : base(connectionString) => statements = new StatementCache(this);

    public override SqliteCommand CreateCommand() => new CachedCommand(this, statements);

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            statements.Dispose();
        }

        base.Dispose(disposing);
    }
}

/// <summary>Collects text and parameters, and runs a prepared statement with them. It is in use until this is disposed, so that an open reader keeps its statement.</summary>
internal sealed class CachedCommand : SqliteCommand
{
    private readonly StatementCache statements;
    private SqliteCommand? prepared;

    public CachedCommand(SqliteConnection connection, StatementCache statements)
    {
        Connection = connection;
        CommandTimeout = connection.DefaultTimeout;
        this.statements = statements;
    }

    public override int ExecuteNonQuery() => Run(static command => command.ExecuteNonQuery());

    public override object? ExecuteScalar() => Run(static command => command.ExecuteScalar());

    public override SqliteDataReader ExecuteReader(CommandBehavior behavior) => Run(command => command.ExecuteReader(behavior));

    protected override void Dispose(bool disposing)
    {
        if (disposing && prepared is not null)
        {
            statements.Return(prepared);
            prepared = null;
        }

        base.Dispose(disposing);
    }

    private T Run<T>(Func<SqliteCommand, T> run)
    {
        var command = Bound();
        try
        {
            return run(command);
        }
        catch
        {
            // A statement that failed half-way still holds its locks until it is finalized: a rollback would wait for it.
            command.Dispose();
            prepared = null;
            throw;
        }
    }

    private SqliteCommand Bound()
    {
        if (prepared is not null && prepared.CommandText != CommandText)
        {
            statements.Return(prepared);
            prepared = null;
        }

        prepared ??= statements.Rent(CommandText);
        prepared.CommandTimeout = CommandTimeout;
        prepared.Parameters.Clear();
        for (var index = 0; index < Parameters.Count; index++)
        {
            prepared.Parameters.Add(Parameters[index]);
        }

        return prepared;
    }
}
