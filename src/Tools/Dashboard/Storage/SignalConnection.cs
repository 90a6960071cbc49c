using FlowPlatform.Storage.Sqlite;
using Microsoft.Data.Sqlite;

namespace FlowPlatform.Dashboard.Storage;

/// <summary>The writing connection of a signal's file, with its statements. Not safe for concurrent use.</summary>
internal sealed class SignalConnection : IDisposable
{
    private readonly SqliteConnection connection;
    private readonly List<Statement> statements = [];
    private readonly Statement begin;
    private readonly Statement commit;
    private readonly Statement rollback;
    private readonly Statement pages;
    private readonly Statement freePages;
    private readonly long pageSize;

    public SignalConnection(SignalFile file)
    {
        connection = file.OpenWriter();
        begin = Prepare("BEGIN IMMEDIATE");
        commit = Prepare("COMMIT");
        rollback = Prepare("ROLLBACK");
        pages = Prepare("PRAGMA page_count");
        freePages = Prepare("PRAGMA freelist_count");
        pageSize = One(Prepare("PRAGMA page_size"));
    }

    /// <summary>Bytes of the file that hold something; what was deleted is used again.</summary>
    public long UsedBytes => (One(pages) - One(freePages)) * pageSize;

    public Statement Prepare(string sql)
    {
        var statement = new Statement(connection, sql);
        statements.Add(statement);
        return statement;
    }

    /// <summary>Runs what it is given in one transaction: all of it or nothing.</summary>
    public void InTransaction(Action write)
    {
        begin.Run();
        try
        {
            write();
            commit.Run();
        }
        catch
        {
            // A full disk, for one, has already rolled it back.
            if (SQLitePCL.raw.sqlite3_get_autocommit(connection.Handle!) == 0)
            {
                rollback.Run();
            }

            throw;
        }
    }

    /// <summary>The first column of the first row; 0 if there is none.</summary>
    public static long One(Statement statement)
    {
        try
        {
            return statement.Step() ? statement.Long(0) : 0;
        }
        finally
        {
            statement.Reset();
        }
    }

    public void Dispose()
    {
        statements.ForEach(static statement => statement.Dispose());
        connection.Dispose();
    }
}
