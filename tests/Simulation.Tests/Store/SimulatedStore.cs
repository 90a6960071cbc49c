using System.Data.Common;
using FlowPlatform.Log;
using FlowPlatform.Stores;

namespace FlowPlatform.Simulation;

/// <summary>A database as one process has it open. The order of things is SQLite's: units one after another, outbox sequences last, then the commit, then the answer.</summary>
internal sealed class SimulatedStore : IServiceStore
{
    private readonly Database database;
    private readonly Machine machine;
    private readonly PublishedStreams? published;
    private readonly StoreFlaws flaws;

    public SimulatedStore(Database database, Lane lane, PublishedStreams? published, StoreFlaws flaws)
    {
        this.database = database;
        this.published = published;
        this.flaws = flaws;
        Lane = lane;
        machine = database.Machine;
        SimulatedOutbox = new SimulatedOutbox(this, published?.Service);
        Checkpoints = new SimulatedCheckpoints(this);
        database.Open.Add(this);
    }

    public Lane Lane { get; }

    public Database Database => database;

    /// <summary>Whether this process is a consumer's owner.</summary>
    public Predicate<string> Owns { get; init; } = static _ => true;

    public SimulatedOutbox SimulatedOutbox { get; }

    public IOutbox Outbox => SimulatedOutbox;

    public ICheckpoints Checkpoints { get; }

    public async Task<T> WriteAsync<T>(Func<StoreTransaction, ValueTask<T>> work, CancellationToken cancellationToken)
    {
        var asked = database.Current;
        await machine.PauseAsync();
        var turn = await database.TakeTurnAsync(Lane);
        try
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (database.Faulty && machine.Dice.OneIn(60))
            {
                throw new StoreBusyException("The simulated database is busy.");
            }

            var begun = database.Current;
            var connection = new SimulatedConnection(machine, flaws.StaleReads ? begun with { Values = asked.Values } : begun, () => turn.Doomed);
            var transaction = new StoreTransaction(connection, published, machine.Clock, SimulatedOutbox.Room);
            var result = await work(transaction);
            await connection.StatementAsync();
            var committed = Place(connection.Working, transaction);
            await connection.StatementAsync();
            database.Commit(committed);
            database.Open.ForEach(store => store.SimulatedOutbox.Signal(transaction));

            // It is durable, and nobody knows yet.
            await machine.PauseAsync();
            return result;
        }
        finally
        {
            database.Release(turn);
        }
    }

    /// <summary>Reads what is committed.</summary>
    public async Task<T> ReadAsync<T>(Func<Snapshot, T> read, CancellationToken cancellationToken)
    {
        await machine.PauseAsync();
        cancellationToken.ThrowIfCancellationRequested();
        if (database.Faulty && machine.Dice.OneIn(400))
        {
            throw new StoreBusyException("The simulated database is busy.");
        }

        var result = read(database.Current);
        await machine.PauseAsync();
        return result;
    }

    public Task<bool> IsHandledAsync(Guid commandId, CancellationToken cancellationToken) => ReadAsync(snapshot => snapshot.Inbox.Contains(commandId), cancellationToken);

    public async ValueTask<bool> TryMarkHandledAsync(StoreTransaction transaction, Guid commandId, string handler)
    {
        var connection = (SimulatedConnection)transaction.Connection;
        await connection.StatementAsync();
        var working = connection.Working;
        connection.Working = working with { Inbox = working.Inbox.Add(commandId), Commands = working.Commands.RemoveAll(command => command.Id == commandId) };
        return !working.Inbox.Contains(commandId);
    }

    public Task OpenAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task<IStore> OpenGenerationAsync(string projection, IReadOnlyList<Migration> migrations, CancellationToken cancellationToken) =>
        throw new NotSupportedException("The simulation opens generations itself.");

    public ValueTask<DbConnection> OpenReadAsync(CancellationToken cancellationToken) => throw new NotSupportedException("The simulated store has no SQL.");

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    /// <summary>Outbox rows get their sequences as the last statements (rule P6).</summary>
    private Snapshot Place(Snapshot working, StoreTransaction transaction)
    {
        foreach (var (partition, @event) in transaction.Events.Where(item => item.Event.CausationId is null || !working.Adopted.Contains(item.Event.Id)))
        {
            var head = working.Heads.GetValueOrDefault(partition) ?? new OutboxHead(partition, 0, 0, null);
            var sequence = flaws.EarlySequences ? database.Counters[partition] = database.Counters.GetValueOrDefault(partition) + 1 : head.Assigned + 1;
            var row = @event.At(SimulatedOutbox.Producer, sequence);
            working = working with
            {
                Heads = working.Heads.SetItem(partition, head with { Assigned = Math.Max(sequence, head.Assigned) }),
                Rows = working.Rows.SetItem(partition, (working.Rows.GetValueOrDefault(partition) ?? []).Add(row)),
                Decided = working.Decided.SetItem(partition, (working.Decided.GetValueOrDefault(partition) ?? []).Add(row)),
            };
        }

        foreach (var command in transaction.Commands)
        {
            if (!working.Inbox.Contains(command.Id) && !working.Commands.Exists(waiting => waiting.Id == command.Id))
            {
                working = working with { LastCommand = working.LastCommand + 1, Commands = working.Commands.Add(command with { Number = working.LastCommand + 1 }) };
            }
        }

        return working;
    }
}

/// <summary>Rules that the simulated store breaks, for mutations.</summary>
/// <param name="EarlySequences">Sequences are taken from a counter outside of the transaction, so that a rollback leaves a hole (rule P6).</param>
/// <param name="StaleReads">A unit reads rows as they were when it was asked for, not when its turn came (rule C6).</param>
internal readonly record struct StoreFlaws(bool EarlySequences = false, bool StaleReads = false);
