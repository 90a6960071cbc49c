using FlowPlatform.Storage.Sql;
using FlowPlatform.Stores;
using Npgsql;

namespace FlowPlatform.Storage.Postgres;

/// <summary>
/// One transaction with one or more units, each of which knows in the end how it went. Nothing here throws: what fails is the units' to know. Used by one lane.
/// </summary>
internal sealed class PostgresGroup(PostgresSources sources, PublishedStreams? published, PostgresOutboxWriter? outbox, TimeProvider clock) : IAsyncDisposable
{
    private readonly List<WorkUnit> pending = [];
    private readonly List<PendingEvent> events = [];
    private readonly List<PendingCommand> commands = [];
    private PostgresConnection? connection;
    private string transactionId = "";
    private bool savepoint;
    private bool several;

    /// <summary>Units that ran so far.</summary>
    public int Units { get; private set; }

    /// <summary>The transaction can take another unit.</summary>
    public bool IsOpen { get; private set; }

    /// <summary>Begins, and takes the locks.</summary>
    /// <param name="units">What is known to run in it; all of them are told if it can't begin.</param>
    /// <param name="keys">Numbers of the keys to lock, in order; null to have the store alone.</param>
    /// <returns>False if it could not begin.</returns>
    public async Task<bool> BeginAsync(IReadOnlyList<WorkUnit> units, int[]? keys)
    {
        several = units.Count > 1;
        foreach (var unit in units)
        {
            unit.Trace("postgresql", $"{sources.Database}|{sources.Schema}");
        }

        try
        {
            connection = await sources.OpenWriterAsync(CancellationToken.None);
            await using var begin = connection.Inner.CreateBatch();
            begin.BatchCommands.Add(new NpgsqlBatchCommand("BEGIN"));
            AddLocks(begin, keys);

            // The number tells afterwards whether it committed, should the connection end in the middle of that.
            begin.BatchCommands.Add(new NpgsqlBatchCommand("SELECT pg_current_xact_id()::text"));
            await using var reader = await begin.ExecuteReaderAsync();
            for (var locks = keys is null ? 1 : keys.Length > 0 ? 2 : 1; locks > 0; locks--)
            {
                await reader.NextResultAsync();
            }

            await reader.ReadAsync();
            transactionId = reader.GetString(0);
            return IsOpen = true;
        }
        catch (Exception fault)
        {
            var told = PostgresFaults.Translate(fault, connection?.IsBroken ?? true);
            foreach (var unit in units)
            {
                unit.Fail(told);
            }

            await RollBackAsync();
            return false;
        }
    }

    /// <summary>
    /// Runs a unit on a savepoint, so that it can fail alone. The first of a group that grows as it goes needs none: if it fails, there is nothing else to keep.
    /// </summary>
    public async Task RunAsync(WorkUnit unit)
    {
        if (!IsOpen)
        {
            unit.Fail(new StoreBusyException("The transaction that the unit was to run in has ended before its turn."));
            return;
        }

        Units++;
        unit.Trace("postgresql", $"{sources.Database}|{sources.Schema}");
        if ((several || Units > 1) && await TrySaveAsync() is { } unsaved)
        {
            unit.Fail(unsaved);
            return;
        }

        var transaction = new StoreTransaction(connection!, published, clock, outbox?.Room);
        try
        {
            await unit.RunAsync(transaction);
            if (connection!.Failed is { } swallowed)
            {
                throw swallowed as StoreBusyException
                    ?? (Exception)new InvalidOperationException("The unit went on after a statement of it had failed. On Postgres nothing can follow: let the exception out, or ask before.", swallowed);
            }
        }
        catch (Exception failed)
        {
            await FailAsync(unit, failed);
            return;
        }

        pending.Add(unit);
        events.AddRange(transaction.Events);
        commands.AddRange(transaction.Commands);
    }

    /// <summary>Writes the outbox and commits, in one round trip.</summary>
    public async Task EndAsync()
    {
        if (!IsOpen)
        {
            return;
        }

        IsOpen = false;
        if (pending.Count == 0)
        {
            await RollBackAsync();
            return;
        }

        OutboxWrite? written = null;
        try
        {
            await using var last = connection!.Inner.CreateBatch();
            written = outbox?.Prepare(await SqlAdoption.WithoutAdoptedAsync(connection, events), commands);
            written?.AddTo(last);

            // COMMIT of a transaction that has failed rolls back and says nothing; any statement before it says so.
            last.BatchCommands.Add(new NpgsqlBatchCommand("SELECT 1"));
            last.BatchCommands.Add(new NpgsqlBatchCommand("COMMIT"));
            await using var reader = await last.ExecuteReaderAsync();
            if (written is not null)
            {
                await written.ReadAsync(reader);
            }

            while (await reader.NextResultAsync())
            {
            }
        }
        catch (PostgresException refused) when (!connection!.IsBroken)
        {
            await RollBackAsync();
            FailAll(PostgresFaults.Translate(refused));
            return;
        }
        catch (Exception cut)
        {
            await LookAsync(written, cut);
            return;
        }

        Complete(written);
    }

    public async ValueTask DisposeAsync()
    {
        if (connection is not null)
        {
            await connection.DisposeAsync();
        }
    }

    private void AddLocks(NpgsqlBatch begin, int[]? keys)
    {
        var store = new NpgsqlParameter<long> { TypedValue = PostgresLocks.Of($"store {sources.Schema}") };
        if (keys is null)
        {
            begin.BatchCommands.Add(new NpgsqlBatchCommand("SELECT pg_advisory_xact_lock($1)") { Parameters = { store } });
            return;
        }

        begin.BatchCommands.Add(new NpgsqlBatchCommand("SELECT pg_advisory_xact_lock_shared($1)") { Parameters = { store } });
        if (keys.Length > 0)
        {
            begin.BatchCommands.Add(new NpgsqlBatchCommand("SELECT pg_advisory_xact_lock($1, key) FROM unnest($2) key")
            {
                Parameters = { new NpgsqlParameter<int> { TypedValue = PostgresLocks.Space(sources.Schema) }, new NpgsqlParameter<int[]> { TypedValue = keys } },
            });
        }
    }

    /// <returns>Why there is no savepoint, and no group any more; null if there is one.</returns>
    private async Task<Exception?> TrySaveAsync()
    {
        try
        {
            await ExecuteAsync(savepoint ? "RELEASE SAVEPOINT unit; SAVEPOINT unit" : "SAVEPOINT unit");
            savepoint = true;
            return null;
        }
        catch (Exception fault)
        {
            var told = PostgresFaults.Translate(fault, connection!.IsBroken);
            await RollBackAsync();
            FailAll(told);
            return told;
        }
    }

    private async Task FailAsync(WorkUnit unit, Exception failed)
    {
        if (connection!.IsBroken)
        {
            // The server has rolled everything back.
            IsOpen = false;
            var told = PostgresFaults.Translate(failed, broken: true);
            unit.Fail(told);
            FailAll(told as StoreBusyException ?? new StoreBusyException("The connection to Postgres ended in the middle of a group of units; none of them was done.", told));
            return;
        }

        unit.Fail(failed);
        if (!savepoint)
        {
            IsOpen = false;
            await RollBackAsync();
            return;
        }

        try
        {
            await ExecuteAsync("ROLLBACK TO SAVEPOINT unit");
            connection.Forgive();
        }
        catch (Exception fault)
        {
            IsOpen = false;
            await RollBackAsync();
            FailAll(PostgresFaults.Translate(fault, connection.IsBroken));
        }
    }

    /// <summary>The connection ended before the answer to COMMIT: a committed unit must not be told that it failed, nor the other way round.</summary>
    private async Task LookAsync(OutboxWrite? written, Exception cut)
    {
        await connection!.DisposeAsync();
        switch (await new PostgresOutcome(sources, clock).FindAsync(transactionId))
        {
            case true:
                Complete(written);
                break;
            case false:
                FailAll(PostgresFaults.Translate(cut, broken: true));
                break;
            default:
                FailAll(new CommitOutcomeUnknownException(sources.Describe, cut));
                break;
        }
    }

    private void Complete(OutboxWrite? written)
    {
        written?.Announce();
        foreach (var unit in pending)
        {
            unit.Complete(pending.Count);
        }
    }

    private void FailAll(Exception told)
    {
        pending.ForEach(unit => unit.Fail(told));
        pending.Clear();
    }

    private async Task ExecuteAsync(string sql)
    {
        await using var command = new NpgsqlCommand(sql, connection!.Inner);
        await command.ExecuteNonQueryAsync();
    }

    private async Task RollBackAsync()
    {
        IsOpen = false;
        if (connection is null or { IsBroken: true })
        {
            return;
        }

        try
        {
            await ExecuteAsync("ROLLBACK");
        }
        catch (NpgsqlException)
        {
            // The connection ended, and with it the transaction.
            await connection.CloseAsync();
        }
    }
}
