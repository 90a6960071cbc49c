using System.Diagnostics;
using System.Threading.Channels;
using Dapper;
using FlowPlatform.Stores;
using FlowPlatform.Telemetry;
using Microsoft.Data.Sqlite;

namespace FlowPlatform.Storage.Sqlite;

/// <summary>
/// The one writer of a file (rule P6). Units that wait are one group commit, each on a savepoint: BEGIN IMMEDIATE, take what is waiting for at most 20 ms (no linger), COMMIT.
/// A failed unit rolls back alone; a failed commit fails them all. Who finds the writer idle runs the next group himself, so that a lone consumer's commit changes no thread.
/// </summary>
internal sealed class SqliteWriter : IAsyncDisposable
{
    private const int MaxWaiting = 4_096;

    // SQLite's result codes for what passes by itself, or once somebody has made room.
    private const int Busy = 5;
    private const int Locked = 6;
    private const int Full = 13;
    private static readonly TimeSpan GroupTime = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan WaitLimit = TimeSpan.FromSeconds(5);
    private readonly Channel<Unit> queue = Channel.CreateBounded<Unit>(new BoundedChannelOptions(MaxWaiting));
    private readonly SemaphoreSlim turn = new(1, 1);
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
    }

    public async Task<T> WriteAsync<T>(Func<StoreTransaction, ValueTask<T>> work, CancellationToken cancellationToken)
    {
        var unit = new Unit<T>(work, cancellationToken);
        if (!queue.Writer.TryWrite(unit))
        {
            await EnqueueAsync(unit, cancellationToken);
        }

        if (TryTakeTurn())
        {
            await LeadAsync();
        }

        return await unit.Result;
    }

    public async ValueTask DisposeAsync()
    {
        if (!queue.Writer.TryComplete())
        {
            return;
        }

        // The turn is kept: nobody runs a group after this.
        await turn.WaitAsync();
        while (queue.Reader.TryRead(out var first))
        {
            await RunGroupAsync(first);
        }

        outbox?.Dispose();
        await connection.DisposeAsync();
    }

    private async Task EnqueueAsync(Unit unit, CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(WaitLimit);
        try
        {
            await queue.Writer.WriteAsync(unit, limit.Token);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new StoreBusyException($"{MaxWaiting:N0} units of work are waiting for the store.");
        }
        catch (ChannelClosedException)
        {
            throw new ObjectDisposedException(nameof(SqliteWriter), "The store is closed.");
        }
    }

    /// <summary>SQLite rolls back all of it by itself on some errors (disk full, I/O, memory): then the error is the group's, and there is nothing to roll back.</summary>
    private bool InTransaction => SQLitePCL.raw.sqlite3_get_autocommit(connection.Handle) == 0;

    private bool TryTakeTurn() => turn.Wait(TimeSpan.Zero);

    /// <summary>Runs one group, and sees to it that somebody runs the next.</summary>
    private async Task LeadAsync()
    {
        if (queue.Reader.TryRead(out var first))
        {
            await RunGroupAsync(first);
        }

        turn.Release();

        // Who came meanwhile has found the turn taken.
        if (queue.Reader.TryPeek(out _) && TryTakeTurn())
        {
            ThreadPool.UnsafeQueueUserWorkItem(static writer => _ = writer.LeadAsync(), this, preferLocal: false);
        }
    }

    /// <summary>Never throws: what fails is the units' to know.</summary>
    private async Task RunGroupAsync(Unit first)
    {
        var taken = new List<Unit>();
        var done = new List<Unit>();
        try
        {
            await CommitGroupAsync(first, taken, done);
        }
        catch (Exception thrown)
        {
            var failed = await RollBackAsync() ?? thrown;
            failed = failed is SqliteException { SqliteErrorCode: Busy or Locked or Full } passing
                ? new StoreBusyException($"'{connection.DataSource}' can't be written: {passing.Message}", passing)
                : failed;
            first.Fail(failed);
            taken.ForEach(unit => unit.Fail(failed));
            return;
        }

        done.ForEach(unit => unit.Complete(done.Count));
    }

    private async Task CommitGroupAsync(Unit first, List<Unit> taken, List<Unit> done)
    {
        var events = new List<PendingEvent>();
        var commands = new List<PendingCommand>();
        await connection.ExecuteAsync("BEGIN IMMEDIATE");
        var started = clock.GetTimestamp();
        for (var unit = first; unit is not null; unit = clock.GetElapsedTime(started) < GroupTime && queue.Reader.TryRead(out var next) ? next : null)
        {
            taken.Add(unit);
            var transaction = new StoreTransaction(connection, published, clock, outbox?.Room);
            unit.Trace(database);
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

    private async Task<bool> RunOnSavepointAsync(Unit unit, StoreTransaction transaction)
    {
        await connection.ExecuteAsync("SAVEPOINT unit");
        try
        {
            await unit.RunAsync(transaction);
        }
        catch (Exception failed) when (InTransaction)
        {
            unit.Fail(failed);
            await connection.ExecuteAsync("ROLLBACK TO unit; RELEASE unit");
            return false;
        }

        await connection.ExecuteAsync("RELEASE unit");
        return true;
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

    private abstract class Unit
    {
        public abstract ValueTask RunAsync(StoreTransaction transaction);

        public abstract void Trace(string database);

        public abstract void Complete(int units);

        public abstract void Fail(Exception exception);
    }

    private sealed class Unit<T>(Func<StoreTransaction, ValueTask<T>> work, CancellationToken cancellationToken) : Unit
    {
        private readonly TaskCompletionSource<T> completion = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly ExecutionContext? context = ExecutionContext.Capture();
        private readonly Activity? activity = Activity.Current;
        private Activity? span;
        private T value = default!;

        public Task<T> Result => completion.Task;

        public override void Trace(string database) => span = DatabaseSpans.Start(activity, "sqlite", database);

        public override async ValueTask RunAsync(StoreTransaction transaction)
        {
            cancellationToken.ThrowIfCancellationRequested();

            // It may run on the thread of another caller, whose user, log scopes and trace it must not see.
            if (context is not null)
            {
                ExecutionContext.Restore(context);
            }

            Activity.Current = span ?? activity;
            value = await work(transaction);
        }

        public override void Complete(int units)
        {
            DatabaseSpans.End(span, units);
            completion.TrySetResult(value);
        }

        public override void Fail(Exception exception)
        {
            DatabaseSpans.End(span, 0, exception);
            span = null;
            if (exception is OperationCanceledException canceled)
            {
                completion.TrySetCanceled(canceled.CancellationToken);
            }
            else
            {
                completion.TrySetException(exception);
            }
        }
    }
}
