using System.Diagnostics;
using System.Threading.Channels;
using Dapper;
using FlowPlatform.Stores;
using FlowPlatform.Telemetry;
using Microsoft.Data.Sqlite;

namespace Simulator.Storage;

/// <summary>
/// The Simulator's own database: progress of the replay, the book of the card gateway and of the courier. Units of work that wait are one
/// commit, so that a disk's few hundred commits a second carry thousands of requests. Safe for concurrent use; one process at a time.
/// </summary>
internal sealed class SimulatorStore : IAsyncDisposable
{
    private const int MaxWaiting = 4_096;
    private const int MaxGroup = 512;

    private readonly Channel<Unit> queue = Channel.CreateBounded<Unit>(new BoundedChannelOptions(MaxWaiting) { SingleReader = true });
    private readonly FileStream owner;
    private readonly SqliteConnection connection;
    private readonly string reading;
    private readonly Task running;

    static SimulatorStore() => SQLitePCL.Batteries_V2.Init();

    private SimulatorStore(FileStream owner, SqliteConnection connection, string path)
    {
        (this.owner, this.connection) = (owner, connection);
        reading = new SqliteConnectionStringBuilder { DataSource = path, Mode = SqliteOpenMode.ReadOnly, Pooling = false }.ToString();
        running = Task.Run(RunAsync);
    }

    /// <summary>Opens <c>simulator.db</c> in a directory; makes both where they don't exist.</summary>
    /// <exception cref="SimulatorException">Another process has it open, or the directory can't be used.</exception>
    public static SimulatorStore Open(string directory)
    {
        FileStream? owner = null;
        SqliteConnection? connection = null;
        try
        {
            Directory.CreateDirectory(directory);
            owner = new FileStream(Path.Combine(directory, "simulator.lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            var path = Path.Combine(directory, "simulator.db");
            connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = path, Pooling = false }.ToString());
            connection.Open();
            connection.Execute("PRAGMA busy_timeout = 5000; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 10000;");
            Migrate(connection);
            return new SimulatorStore(owner, connection, path);
        }
        catch (Exception fault)
        {
            connection?.Dispose();
            owner?.Dispose();
            if (fault is IOException or UnauthorizedAccessException)
            {
                throw new SimulatorException($"The store in '{directory}' can't be opened: {fault.Message} End the other Simulator, or name another directory in FLOW_DATA.", fault);
            }

            throw;
        }
    }

    /// <summary>Runs a unit of work on the one writing connection, inside a transaction; returns when it is on disk. A unit that throws leaves nothing.</summary>
    public async Task<T> WriteAsync<T>(Func<SqliteConnection, T> work, CancellationToken cancellationToken)
    {
        var unit = new Unit<T>(work);
        await queue.Writer.WriteAsync(unit, cancellationToken);
        return await unit.Result.WaitAsync(cancellationToken);
    }

    /// <summary>Runs queries on a connection of their own, on one state of the database.</summary>
    public async Task<T> ReadAsync<T>(Func<SqliteConnection, T> work, CancellationToken cancellationToken)
    {
        await using var reader = new SqliteConnection(reading);
        await reader.OpenAsync(cancellationToken);
        await using var transaction = reader.BeginTransaction(deferred: true);
        return work(reader);
    }

    public async ValueTask DisposeAsync()
    {
        queue.Writer.TryComplete();
        await running;
        await connection.DisposeAsync();
        await owner.DisposeAsync();
    }

    private static void Migrate(SqliteConnection connection)
    {
        var applied = connection.ExecuteScalar<int>("PRAGMA user_version");
        var migrations = EmbeddedMigrations.Of(typeof(SimulatorStore).Assembly, "simulator");
        if (applied > migrations.Count)
        {
            throw new SimulatorException("simulator.db is newer than this program. Run the newer program, or name another directory in FLOW_DATA.");
        }

        foreach (var migration in migrations.Skip(applied))
        {
            connection.Execute($"BEGIN IMMEDIATE; {migration.Sql}; PRAGMA user_version = {migration.Number}; COMMIT;");
        }
    }

    private async Task RunAsync()
    {
        var group = new List<Unit>();
        try
        {
            while (await queue.Reader.WaitToReadAsync())
            {
                group.Clear();
                while (group.Count < MaxGroup && queue.Reader.TryRead(out var unit))
                {
                    group.Add(unit);
                }

                if (!TryCommit(group, out _))
                {
                    // One of them is to blame: each alone, so that the others don't suffer.
                    group.ForEach(CommitAlone);
                }
            }
        }
        catch (Exception fault)
        {
            // The connection is beyond use: nobody may wait for it.
            queue.Writer.TryComplete(fault);
            group.ForEach(unit => unit.Fail(fault));
            while (queue.Reader.TryRead(out var unit))
            {
                unit.Fail(fault);
            }
        }
    }

    private void CommitAlone(Unit unit)
    {
        if (!TryCommit([unit], out var fault))
        {
            unit.Fail(fault!);
        }
    }

    private bool TryCommit(List<Unit> group, out Exception? fault)
    {
        try
        {
            connection.Execute("BEGIN IMMEDIATE");
            group.ForEach(unit => unit.Trace());
            group.ForEach(unit => unit.Run(connection));
            connection.Execute("COMMIT");
        }
        catch (Exception caught)
        {
            // SQLite has rolled back by itself after some faults, such as a full disk.
            if (SQLitePCL.raw.sqlite3_get_autocommit(connection.Handle) == 0)
            {
                connection.Execute("ROLLBACK");
            }

            group.ForEach(unit => unit.EndTrace(0, caught));
            fault = caught;
            return false;
        }

        group.ForEach(unit => unit.EndTrace(group.Count));
        group.ForEach(unit => unit.Complete());
        fault = null;
        return true;
    }

    private abstract class Unit
    {
        private readonly Activity? caller = Activity.Current;
        private Activity? span;

        public void Trace() => span = DatabaseSpans.Start(caller, "sqlite", "simulator.db");

        public void EndTrace(int units, Exception? fault = null) => DatabaseSpans.End(span, units, fault);

        public abstract void Run(SqliteConnection connection);

        public abstract void Complete();

        public abstract void Fail(Exception fault);
    }

    private sealed class Unit<T>(Func<SqliteConnection, T> work) : Unit
    {
        private readonly TaskCompletionSource<T> completion = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private T value = default!;

        public Task<T> Result => completion.Task;

        public override void Run(SqliteConnection connection) => value = work(connection);

        public override void Complete() => completion.TrySetResult(value);

        public override void Fail(Exception fault) => completion.TrySetException(fault);
    }
}
