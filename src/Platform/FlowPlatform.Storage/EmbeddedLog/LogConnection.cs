using System.Runtime.InteropServices;
using FlowPlatform.Log;
using FlowPlatform.Storage.Sqlite;
using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace FlowPlatform.Storage.EmbeddedLog;

/// <summary>A connection to a stream's file, with what is asked of it prepared. Not safe for concurrent use.</summary>
internal sealed class LogConnection : IDisposable
{
    private const int HasMovedControl = 20;
    private const int BusyMilliseconds = 2_000;
    private readonly SqliteConnection connection;
    private readonly sqlite3 handle;
    private readonly List<Statement> statements = [];
    private readonly Statement version;
    private readonly Statement partition;
    private readonly Statement chunkAt;
    private readonly Statement lastChunk;
    private readonly Statement since;
    private readonly Statement lastOf;

    /// <summary>Prepares it.</summary>
    /// <param name="connection">Goes with it.</param>
    /// <param name="waits">
    /// Whether it waits for locks by itself. Readers do: a file in WAL mode locks them out only for moments, while it is recovered or its last other user leaves. The writer waits its turn without holding a thread.
    /// </param>
    public LogConnection(SqliteConnection connection, bool waits = true)
    {
        this.connection = connection;
        handle = connection.Handle!;
        _ = raw.sqlite3_busy_timeout(handle, waits ? BusyMilliseconds : 0);
        version = Prepare("PRAGMA data_version");
        partition = Prepare("SELECT next_offset, stored_at, bytes FROM partition WHERE number = ?1");
        chunkAt = Prepare("SELECT last_offset, records, stored_at, crc, data FROM chunk WHERE partition = ?1 AND last_offset >= ?2 ORDER BY last_offset LIMIT 1");
        lastChunk = Prepare("SELECT last_offset, records FROM chunk WHERE partition = ?1 ORDER BY last_offset DESC LIMIT 1");
        since = Prepare("SELECT last_offset - records + 1 FROM chunk WHERE partition = ?1 AND stored_at >= ?2 ORDER BY stored_at, last_offset LIMIT 1");
        lastOf = Prepare("SELECT sequence, last_offset FROM producer WHERE partition = ?1 AND reference = ?2");
    }

    /// <summary>True once the file was deleted, or another took its place: what is done on this connection reaches nobody. Costs a look at the directory.</summary>
    /// <remarks>May be asked from any thread; a closed connection has moved.</remarks>
    public bool HasMoved
    {
        get
        {
            try
            {
                // A system where open files can't be replaced doesn't know the question.
                return Control(handle, null, HasMovedControl, out var moved) == raw.SQLITE_OK && moved != 0;
            }
            catch (ObjectDisposedException)
            {
                return true;
            }
        }
    }

    /// <summary>True between BEGIN and COMMIT or ROLLBACK. SQLite rolls back by itself after some errors.</summary>
    public bool InTransaction => raw.sqlite3_get_autocommit(handle) == 0;

    /// <summary>Changes whenever another connection has committed.</summary>
    public long DataVersion => One(version, static statement => statement.Long(0));

    /// <summary>Prepares a statement that goes with the connection.</summary>
    public Statement Prepare(string sql)
    {
        var statement = new Statement(connection, sql);
        statements.Add(statement);
        return statement;
    }

    /// <summary>Where a partition ends; null if there is no such partition.</summary>
    public PartitionEnd? End(int number) => One(partition.With(1, number), static row => new PartitionEnd(row.Long(0), row.Long(1), row.Long(2)));

    /// <summary>Records of the chunk that has the offset, or else of the next one, from the offset on; null if the partition ends before it.</summary>
    /// <exception cref="LogCorruptException">The chunk is damaged.</exception>
    public List<LogRecord>? Read(string stream, int number, long offset) =>
        One(chunkAt.With(1, number).With(2, offset), row => new StoredChunk
        {
            Partition = number,
            LastOffset = row.Long(0),
            Records = row.Long(1),
            StoredAt = row.Long(2),
            Crc = row.Long(3),
            Data = row.Blob(4),
        }.Decode(stream, offset));

    /// <summary>First and last offset of the newest chunk; null if the partition is empty.</summary>
    public (long First, long Last)? LastChunk(int number) =>
        One<(long, long)?>(lastChunk.With(1, number), static row => (row.Long(0) - row.Long(1) + 1, row.Long(0)));

    /// <summary>Offset of the first chunk that was stored at or after a time; null if there is none.</summary>
    public long? FirstSince(int number, long time) => One<long?>(since.With(1, number).With(2, time), static row => row.Long(0));

    /// <summary>Last sequence of a producer and the offset where it is; null for one that is not known.</summary>
    public (long Sequence, long Offset)? LastOf(int number, string producer) =>
        One<(long, long)?>(lastOf.With(1, number).With(2, producer), static row => (row.Long(0), row.Long(1)));

    public void Dispose()
    {
        statements.ForEach(static statement => statement.Dispose());
        connection.Dispose();
    }

    [DllImport("e_sqlite3", EntryPoint = "sqlite3_file_control", CallingConvention = CallingConvention.Cdecl)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.AssemblyDirectory | DllImportSearchPath.SafeDirectories)]
    private static extern int Control(sqlite3 database, byte[]? name, int operation, out int answer);

    private static T? One<T>(Statement statement, Func<Statement, T> read)
    {
        try
        {
            return statement.Step() ? read(statement) : default;
        }
        finally
        {
            // Also ends the read transaction: a statement that stands would keep the write-ahead log from being moved into the file.
            statement.Reset();
        }
    }
}

/// <summary>Where a partition ends.</summary>
/// <param name="NextOffset">Offset of the next record.</param>
/// <param name="StoredAt">When the newest chunk was stored, Unix time in ms.</param>
/// <param name="Bytes">Size of all its chunks' data.</param>
internal sealed record PartitionEnd(long NextOffset, long StoredAt, long Bytes);
