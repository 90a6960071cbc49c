using System.Data.Common;
using FlowPlatform.Log;
using FlowPlatform.Stores;

namespace FlowPlatform.Simulation;

/// <summary>
/// A database as one process has it open: a service's main store, or the generation of a projection. The order of things is the real ones': the transaction and its locks, the unit, outbox sequences
/// last, then the commit, then the answer.
/// </summary>
internal sealed class SimulatedStore : IServiceStore
{
    private readonly Database database;
    private readonly Machine machine;
    private readonly StoreOptions options;
    private readonly SimulatedOutbox outbox;

    public SimulatedStore(Database database, Lane lane, StoreOptions options)
    {
        this.database = database;
        this.options = options;
        Lane = lane;
        machine = database.Machine;
        outbox = new SimulatedOutbox(this, options.Published?.Service);
        Checkpoints = new SimulatedCheckpoints(this);
        Parking = new SimulatedParking(this);
        Audit = new SimulatedAudit(this);
        Discards = new SimulatedDiscards(this);
        SharedLeases = database.IsShared ? new SimulatedLeases(this) : null;
        database.Open.Add(this);
    }

    public Lane Lane { get; }

    public Database Database => database;

    public IOutbox Outbox => outbox;

    public ICheckpoints Checkpoints { get; }

    public IParking Parking { get; }

    public IAudit Audit { get; }

    public IDiscards Discards { get; }

    public ILeases? Leases => SharedLeases;

    public SimulatedLeases? SharedLeases { get; }

    public bool LocksKeys => database.IsShared;

    public Task<T> WriteAsync<T>(Func<StoreTransaction, ValueTask<T>> work, CancellationToken cancellationToken) => RunAsync(null, work, cancellationToken);

    public Task<T> WriteAsync<T>(IReadOnlyCollection<string> keys, Func<StoreTransaction, ValueTask<T>> work, CancellationToken cancellationToken) =>
        RunAsync(database.IsShared ? keys : null, work, cancellationToken);

    /// <summary>Reads what is committed.</summary>
    public async Task<T> ReadAsync<T>(Func<Snapshot, T> read, CancellationToken cancellationToken)
    {
        await machine.PauseAsync();
        cancellationToken.ThrowIfCancellationRequested();
        RefuseNowAndThen(400);
        var result = read(database.Current);
        await machine.PauseAsync();
        return result;
    }

    /// <summary>A statement that is a transaction of its own.</summary>
    public async Task<T> ExecuteAsync<T>(Row? row, Func<Snapshot, (Snapshot Next, T Result)> statement, CancellationToken cancellationToken)
    {
        await machine.PauseAsync();
        cancellationToken.ThrowIfCancellationRequested();
        RefuseNowAndThen(150);
        var connection = database.Begin(Lane);
        T result;
        try
        {
            if (row is { } locked)
            {
                await database.LockAsync(connection, locked);
                connection.RequireOpen();
            }

            (var next, result) = statement(connection.View);
            database.Commit(next);
        }
        finally
        {
            connection.End();
        }

        await machine.PauseAsync();
        return result;
    }

    public Task<bool> IsHandledAsync(Guid commandId, CancellationToken cancellationToken) => ReadAsync(snapshot => snapshot.Inbox.Contains(commandId), cancellationToken);

    public async ValueTask<bool> TryMarkHandledAsync(StoreTransaction transaction, Guid commandId, string handler)
    {
        var connection = (SimulatedConnection)transaction.Connection;
        var before = await connection.LockAsync(new Row("inbox", commandId.ToString()));
        connection.Change(snapshot => snapshot with { Inbox = snapshot.Inbox.Add(commandId), Commands = snapshot.Commands.RemoveAll(command => command.Id == commandId) });
        return !before.Inbox.Contains(commandId);
    }

    public async Task OpenAsync(CancellationToken cancellationToken) => await machine.PauseAsync();

    public Task<IStore> OpenGenerationAsync(string projection, IReadOnlyList<Migration> migrations, CancellationToken cancellationToken) =>
        Task.FromResult((options.Generation ?? throw new NotSupportedException("A generation has none."))(projection));

    public ValueTask<DbConnection> OpenReadAsync(CancellationToken cancellationToken) => throw new NotSupportedException("The simulated store has no SQL.");

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    /// <summary>Some process has committed: whoever waits in this one may look.</summary>
    public void Hear(bool events, bool commands)
    {
        if (events)
        {
            outbox.EventsAdded.Signal();
        }

        if (commands)
        {
            outbox.CommandsAdded.Signal();
        }
    }

    private async Task<T> RunAsync<T>(IReadOnlyCollection<string>? keys, Func<StoreTransaction, ValueTask<T>> work, CancellationToken cancellationToken)
    {
        var asked = options.Flaws.StaleReads ? database.Current : null;
        await machine.PauseAsync();
        var connection = database.Begin(Lane, asked);
        try
        {
            await TakeTurnAsync(connection, keys);
            cancellationToken.ThrowIfCancellationRequested();
            RefuseNowAndThen(60);
            var transaction = new StoreTransaction(connection, options.Published, machine.Clock, outbox.Room);
            var result = await work(transaction);
            options.Watch?.Invoke(transaction);
            await PlaceAsync(connection, transaction);
            await connection.ReadAsync();
            Commit(connection, transaction);

            // It is durable, and nobody knows yet.
            await machine.PauseAsync();
            return result;
        }
        finally
        {
            connection.End();
        }
    }

    /// <summary>Units without keys have the schema alone; those with keys share it, and take theirs in one order.</summary>
    private async ValueTask TakeTurnAsync(SimulatedConnection connection, IReadOnlyCollection<string>? keys)
    {
        await database.LockAsync(connection, Row.Schema(options.Schema), shared: keys is not null);
        if (keys is not null && !options.Flaws.NoKeyLocks)
        {
            foreach (var key in keys.Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal))
            {
                await database.LockAsync(connection, Row.Keyed(options.Schema, key));
            }
        }

        connection.RequireOpen();
    }

    /// <summary>A server may go away in the middle of a commit, and not come back in time to say whether it was done.</summary>
    private void Commit(SimulatedConnection connection, StoreTransaction transaction)
    {
        var unknown = database.IsShared && database.Faulty && machine.Dice.OneIn(250);
        if (!unknown || machine.Dice.OneIn(2))
        {
            database.Commit(connection.View);
            database.Decided.UnionWith(connection.Placed);
            database.Open.ForEach(store => store.Hear(transaction.Events.Count > 0, transaction.Commands.Count > 0));
        }

        if (unknown)
        {
            options.Unknown?.Invoke();
            throw new CommitOutcomeUnknownException(database.Name, new TimeoutException());
        }
    }

    private void RefuseNowAndThen(int times)
    {
        if (database.Faulty && machine.Dice.OneIn(times))
        {
            throw new StoreBusyException("The simulated database is busy.");
        }
    }

    /// <summary>Outbox rows get their sequences as the last statements (rule P6), in the order of the partitions.</summary>
    private async ValueTask PlaceAsync(SimulatedConnection connection, StoreTransaction transaction)
    {
        foreach (var group in transaction.Events.GroupBy(pending => pending.Partition).OrderBy(group => group.Key))
        {
            var partition = group.Key;
            await connection.LockAsync(Row.Head(partition));
            foreach (var pending in group)
            {
                Place(connection, partition, pending.Event);
            }
        }

        if (transaction.Commands.Count > 0)
        {
            await connection.LockAsync(new Row("command", ""));
            foreach (var command in transaction.Commands)
            {
                connection.Change(snapshot => WithCommand(snapshot, command));
            }
        }
    }

    private void Place(SimulatedConnection connection, PartitionId partition, EventEnvelope @event)
    {
        // A reactor of a restored store decides again what it had decided (rule P3).
        if (@event.CausationId is not null && connection.View.Adopted.Contains(@event.Id))
        {
            return;
        }

        var head = connection.View.Heads.GetValueOrDefault(partition) ?? new OutboxHead(partition, 0, 0, null);
        var sequence = options.Flaws.EarlySequences ? database.Counters[partition] = database.Counters.GetValueOrDefault(partition) + 1 : head.Assigned + 1;
        var row = @event.At(outbox.Producer, sequence);
        connection.Placed.Add(row.Id);
        connection.Change(snapshot => snapshot with
        {
            Heads = snapshot.Heads.SetItem(partition, head with { Assigned = Math.Max(sequence, head.Assigned) }),
            Rows = snapshot.Rows.SetItem(partition, (snapshot.Rows.GetValueOrDefault(partition) ?? []).Add(row)),
            Decided = snapshot.Decided.SetItem(partition, (snapshot.Decided.GetValueOrDefault(partition) ?? []).Add(row)),
        });
    }

    private static Snapshot WithCommand(Snapshot snapshot, PendingCommand command) => snapshot.Inbox.Contains(command.Id) || snapshot.Commands.Exists(waiting => waiting.Id == command.Id)
        ? snapshot
        : snapshot with { LastCommand = snapshot.LastCommand + 1, Commands = snapshot.Commands.Add(command with { Number = snapshot.LastCommand + 1 }) };
}

/// <summary>What a store is.</summary>
/// <param name="Schema">Its name within the database.</param>
internal sealed record StoreOptions(string Schema)
{
    /// <summary>Streams that can be emitted to; null: nothing can.</summary>
    public PublishedStreams? Published { get; init; }

    /// <summary>Opens a projection's generation.</summary>
    public Func<string, IStore>? Generation { get; init; }

    /// <summary>Sees every unit once it has run, whether it will be committed or not.</summary>
    public Action<StoreTransaction>? Watch { get; init; }

    /// <summary>Told of every commit whose outcome nobody is told.</summary>
    public Action? Unknown { get; init; }

    /// <summary>What it does wrong.</summary>
    public StoreFlaws Flaws { get; init; }
}

/// <summary>Rules that the simulated store breaks, for mutations.</summary>
/// <param name="EarlySequences">Sequences are taken from a counter outside of the transaction, so that a rollback leaves a hole (rule P6).</param>
/// <param name="StaleReads">A unit reads rows as they were when it was asked for, not when its turn came (rule C6).</param>
/// <param name="NoKeyLocks">Units with keys don't take them (rule C6).</param>
internal readonly record struct StoreFlaws(bool EarlySequences = false, bool StaleReads = false, bool NoKeyLocks = false);
