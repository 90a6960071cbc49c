using System.Reflection;
using Dapper;
using Microsoft.Data.Sqlite;

namespace FlowPlatform.Dashboard.Storage;

/// <summary>The SQLite file of one signal in one run. Safe for concurrent use.</summary>
internal sealed class SignalFile
{
    /// <summary>Goes up with the schema. Runs of other versions are not read: telemetry is not worth a migration.</summary>
    public const int FormatVersion = 2;

    /// <summary>Bytes. A span of 600 bytes fits a leaf of a table without row ids up to a quarter of it.</summary>
    private const int PageSize = 8192;

    private readonly string schema;
    private readonly string writing;
    private readonly string reading;

    static SignalFile() => SQLitePCL.Batteries_V2.Init();

    public SignalFile(string directory, Signal signal)
    {
        schema = signal switch { Signal.Traces => "traces", Signal.Logs => "logs", _ => "metrics" };
        Path = System.IO.Path.Combine(directory, $"{schema}.db");
        writing = new SqliteConnectionStringBuilder { DataSource = Path, Mode = SqliteOpenMode.ReadWriteCreate, Pooling = false }.ToString();
        reading = new SqliteConnectionStringBuilder { DataSource = Path, Mode = SqliteOpenMode.ReadOnly }.ToString();
    }

    public string Path { get; }

    /// <summary>The one writing connection; makes the file if there is none.</summary>
    /// <exception cref="SqliteException">The file can't be opened, or is none of ours.</exception>
    public SqliteConnection OpenWriter()
    {
        var connection = new SqliteConnection(writing);
        try
        {
            connection.Open();
            // A power cut may lose the last commits; a killed process loses nothing.
            connection.Execute($"PRAGMA busy_timeout = 2000; PRAGMA page_size = {PageSize}; PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA wal_autocheckpoint = 2000; PRAGMA journal_size_limit = 33554432; PRAGMA cache_size = -16000; PRAGMA temp_store = MEMORY;");
            if (connection.ExecuteScalar<int>("PRAGMA user_version") == 0)
            {
                using var transaction = connection.BeginTransaction();
                connection.Execute(Script("signal") + Script(schema) + $"PRAGMA user_version = {FormatVersion};", transaction: transaction);
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

    /// <summary>Opens it for reading; a pool keeps some.</summary>
    /// <exception cref="SqliteException">There is no such file (any more).</exception>
    public SqliteConnection OpenReader()
    {
        var connection = new SqliteConnection(reading);
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

    /// <summary>Whether it was made by this version, and can be read.</summary>
    public bool IsReadable()
    {
        if (!File.Exists(Path))
        {
            return false;
        }

        try
        {
            using var connection = OpenReader();
            return connection.ExecuteScalar<int>("PRAGMA user_version") == FormatVersion;
        }
        catch (SqliteException)
        {
            return false;
        }
    }

    /// <summary>Lets go of the file, so that it can be deleted.</summary>
    public void Release()
    {
        using var connection = new SqliteConnection(reading);
        SqliteConnection.ClearPool(connection);
    }

    private static string Script(string name)
    {
        var resource = $"Schema/{name}/0001_{name}.sqlite.sql";
        using var stream = Assembly.GetExecutingAssembly().GetManifestResourceStream(resource) ?? throw new InvalidOperationException($"{resource} is not embedded.");
        using var text = new StreamReader(stream);
        return text.ReadToEnd();
    }
}
