using Dapper;
using FlowPlatform.Stores;
using Microsoft.Data.Sqlite;

namespace FlowPlatform.Storage.Sqlite;

/// <summary>
/// The one writer of a file (rule P6). Units that wait are one group commit, each on a savepoint: BEGIN IMMEDIATE, take what is waiting for at most 20 ms (no linger), COMMIT.
/// A failed unit rolls back alone; a failed commit fails them all.
/// </summary>
internal sealed class SqliteWriter : IAsyncDisposable
{
    // SQLite's result codes for what passes by itself, or once somebody has made room.
    private const int Busy = 5;
    private const int Locked = 6;
    private const int NoMemory = 7;
    private const int InputOutput = 10;
    private const int Full = 13;
    private static readonly TimeSpan GroupTime = TimeSpan.FromMilliseconds(20);
    private readonly WorkQueue queue;
    private readonly SqliteConnection connection;
    private readonly string database;
    private readonly PublishedStreams? published;
    private readonly SqliteOutboxWriter? outbox;
    private readonly TimeProvider clock;

    public SqliteWriter(SqliteConnection connection, PublishedStreams? published, SqliteOutboxWriter? outbox, TimeProvider clock)
    {
        this.connection = connection;
        database = Path.GetFileName(connection.DataSource);
        this.published = published;
        this.outbox = outbox;
        this.clock = clock;
        queue = new WorkQueue(lanes: 1, (first, _) => RunGroupAsync(first));
    }

    public Task<T> WriteAsync<T>(Func<StoreTransaction, ValueTask<T>> work, CancellationToken cancellationToken) =>
        queue.RunAsync(new WorkUnit<T>(work, cancellationToken), cancellationToken);

    /// <summary>Commits what waits, and closes the connection.</summary>
    /// <returns>False if a unit hangs: then the connection is left to the process, whose end rolls back.</returns>
    public async Task<bool> CloseAsync()
    {
        if (!await queue.CloseAsync())
        {
            return false;
        }

        outbox?.Dispose();
        await connection.DisposeAsync();
        return true;
    }

    public async ValueTask DisposeAsync() => await CloseAsync();

    /// <summary>SQLite rolls back all of it by itself on some errors (disk full, I/O, memory): then the error is the group's, and there is nothing to roll back.</summary>
    private bool InTransaction => SQLitePCL.raw.sqlite3_get_autocommit(connection.Handle) == 0;

    /// <summary>Never throws: what fails is the units' to know.</summary>
    private async Task RunGroupAsync(WorkUnit first)
    {
        var taken = new List<WorkUnit>();
        var done = new List<WorkUnit>();
        try
        {
            await CommitGroupAsync(first, taken, done);
        }
        catch (Exception thrown)
        {
            var failed = await RollBackAsync() ?? thrown;
            failed = OrBusy(failed);
            first.Fail(failed);
            taken.ForEach(unit => unit.Fail(failed));
            return;
        }

        done.ForEach(unit => unit.Complete(done.Count));
    }

    private async Task CommitGroupAsync(WorkUnit first, List<WorkUnit> taken, List<WorkUnit> done)
    {
        var events = new List<PendingEvent>();
        var commands = new List<PendingCommand>();
        await connection.ExecuteAsync("BEGIN IMMEDIATE");
        var started = clock.GetTimestamp();
        for (var unit = first; unit is not null; unit = clock.GetElapsedTime(started) < GroupTime ? queue.TryTake() : null)
        {
            taken.Add(unit);
            var transaction = new StoreTransaction(connection, published, clock, outbox?.Room);
            unit.Trace("sqlite", database);
            if (await RunOnSavepointAsync(unit, transaction))
            {
                done.Add(unit);
                events.AddRange(transaction.Events);
                commands.AddRange(transaction.Commands);
            }
        }

        outbox?.Write(events, commands);
        await connection.ExecuteAsync("COMMIT");
        outbox?.Signal(commands.Count > 0);
    }

    private async Task<bool> RunOnSavepointAsync(WorkUnit unit, StoreTransaction transaction)
    {
        await connection.ExecuteAsync("SAVEPOINT unit");
        try
        {
            await unit.RunAsync(transaction);
        }
        catch (Exception failed) when (InTransaction)
        {
            unit.Fail(OrBusy(failed));
            await connection.ExecuteAsync("ROLLBACK TO unit; RELEASE unit");
            return false;
        }

        await connection.ExecuteAsync("RELEASE unit");
        return true;
    }

    /// <summary>What passes is the store's, in whichever statement it shows and whatever the caller's code wraps it in: nobody may take it for a fault of his own work.</summary>
    private Exception OrBusy(Exception failed)
    {
        for (var cause = failed; cause is not null; cause = cause.InnerException)
        {
            if (cause is SqliteException { SqliteErrorCode: Busy or Locked or NoMemory or InputOutput or Full })
            {
                return new StoreBusyException($"'{connection.DataSource}' can't be written: {cause.Message}", failed);
            }
        }

        return failed;
    }

    /// <returns>Why it could not be rolled back; null if it is.</returns>
    private async Task<Exception?> RollBackAsync()
    {
        try
        {
            if (InTransaction)
            {
                await connection.ExecuteAsync("ROLLBACK");
            }

            return null;
        }
        catch (SqliteException failed)
        {
            return failed;
        }
    }
}
