using System.Reflection;
using Dapper;
using FlowPlatform.Dashboard.Storage;
using Microsoft.Data.Sqlite;

namespace FlowPlatform.Dashboard.Streams;

/// <summary>The SQLite file of one run's samples, beside its telemetry and deleted with it. Safe for concurrent use.</summary>
internal static class HistoryFile
{
    private const string Schema = "Schema/streams/0001_streams.sqlite.sql";
    private const int FormatVersion = 1;

    static HistoryFile() => SQLitePCL.Batteries_V2.Init();

    /// <summary>The one writing connection.</summary>
    public static SqliteConnection OpenWriter(TelemetryRun run)
    {
        var connection = Open(run, SqliteOpenMode.ReadWriteCreate);
        try
        {
            connection.Execute("PRAGMA busy_timeout = 2000; PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA journal_size_limit = 8388608;");
            if (connection.ExecuteScalar<int>("PRAGMA user_version") == 0)
            {
                using var script = new StreamReader(Assembly.GetExecutingAssembly().GetManifestResourceStream(Schema) ?? throw new InvalidOperationException($"{Schema} is not embedded."));
                using var transaction = connection.BeginTransaction();
                connection.Execute($"{script.ReadToEnd()} PRAGMA user_version = {FormatVersion};", transaction: transaction);
                transaction.Commit();
            }

            return connection;
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    /// <summary>Opens it for reading; null if the run has none of this version.</summary>
    public static SqliteConnection? OpenReader(TelemetryRun run)
    {
        if (!File.Exists(PathOf(run)))
        {
            return null;
        }

        var connection = Open(run, SqliteOpenMode.ReadOnly);
        if (connection.ExecuteScalar<int>("PRAGMA user_version") == FormatVersion)
        {
            return connection;
        }

        connection.Dispose();
        return null;
    }

    private static string PathOf(TelemetryRun run) => Path.Combine(run.Directory, "streams.db");

    private static SqliteConnection Open(TelemetryRun run, SqliteOpenMode mode)
    {
        // No pool: where open files can't be deleted, a run could not be.
        var connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = PathOf(run), Mode = mode, Pooling = false }.ToString());
        try
        {
            connection.Open();
            return connection;
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }
}
