using System.Data.Common;


namespace FlowPlatform.Stores;

/// <summary>
/// A private database with one order of commits. Units of work may be written from anywhere at any time; they commit in groups, each on its own savepoint (rule P6).
/// </summary>
public interface IStore : IAsyncDisposable
{
    /// <summary>Checkpoints of the consumers that live in this database (rule G1).</summary>
    ICheckpoints Checkpoints { get; }

    /// <summary>What the consumers that live in this database have parked; null where the store can't park: there, a consumer stops at an event that it can't apply.</summary>
    IParking? Parking => null;

    /// <summary>
    /// Runs a unit of work in a transaction and completes when it is durable. If the unit throws, nothing of it remains and the exception comes out here.
    /// Keep it short, and call nothing outside: others wait behind it.
    /// </summary>
    /// <exception cref="StoreBusyException">Too many units wait, or the database is away, locked or full; nothing was done.</exception>
    /// <exception cref="CommitOutcomeUnknownException">The database went away in the middle of the commit and did not come back in time to be asked.</exception>
    Task<T> WriteAsync<T>(Func<StoreTransaction, ValueTask<T>> work, CancellationToken cancellationToken);

    /// <summary>
    /// The same for a unit that is serial only with units that name one of its keys, and with those without keys (rule C6): where the store allows it, others run beside it. SQLite, which has one
    /// writer, runs it as any other.
    /// </summary>
    /// <param name="keys">Everything that the unit reads in order to decide, and writes, by names of the service's choice, such as <c>stock/85123A</c>; they are locked, sorted, before it runs.</param>
    /// <param name="work">The unit.</param>
    /// <param name="cancellationToken">Cancels a unit that waits.</param>
    /// <exception cref="StoreBusyException">As above.</exception>
    Task<T> WriteAsync<T>(IReadOnlyCollection<string> keys, Func<StoreTransaction, ValueTask<T>> work, CancellationToken cancellationToken) => WriteAsync(work, cancellationToken);

    /// <summary>A read-only connection that sees what is committed. Dispose it soon: it returns to a pool.</summary>
    ValueTask<DbConnection> OpenReadAsync(CancellationToken cancellationToken);
}

/// <summary>A service's main store: its state, its reactors' checkpoints, its outbox and inbox, and the catalog of its projections' generations.</summary>
public interface IServiceStore : IStore
{
    /// <summary>Kind of its migrations: <c>sqlite</c> or <c>postgres</c>.</summary>
    string Kind => "sqlite";

    /// <summary>What the relay reads and writes.</summary>
    IOutbox Outbox { get; }

    /// <summary>What operators did; null where the store can't park.</summary>
    IAudit? Audit => null;

    /// <summary>Events that operators gave up; null where the store can't park.</summary>
    IDiscards? Discards => null;

    /// <summary>Who of several replicas owns what; null where the store belongs to one process, which owns everything.</summary>
    ILeases? Leases => null;

    /// <summary>Takes the store (SQLite: for this process alone), migrates it and creates its incarnation if it is new. Call once, before anything else.</summary>
    /// <exception cref="StoreInUseException">Another process has it.</exception>
    Task OpenAsync(CancellationToken cancellationToken);

    /// <summary>Opens the live generation of a projection, creating the first if there is none.</summary>
    /// <param name="projection">Name of the projection.</param>
    /// <param name="migrations">Its migrations: name and SQL, in order.</param>
    /// <param name="cancellationToken">Cancels.</param>
    Task<IStore> OpenGenerationAsync(string projection, IReadOnlyList<Migration> migrations, CancellationToken cancellationToken);

    /// <summary>True if the inbox has the command: it was handled.</summary>
    Task<bool> IsHandledAsync(Guid commandId, CancellationToken cancellationToken);

    /// <summary>Writes the inbox row within the unit that handles the command.</summary>
    /// <returns>False if it is there already: somebody else handled it meanwhile; change nothing.</returns>
    ValueTask<bool> TryMarkHandledAsync(StoreTransaction transaction, Guid commandId, string handler);
}

/// <summary>One numbered step of a schema.</summary>
/// <param name="Number">Its number, from 1, without gaps.</param>
/// <param name="Name">Its name, for messages.</param>
/// <param name="Sql">What to run.</param>
public sealed record Migration(int Number, string Name, string Sql);

/// <summary>Another process has the store.</summary>
public sealed class StoreInUseException : FlowException
{
    /// <summary>Creates it.</summary>
    public StoreInUseException(string path, string owner)
        : base($"'{path}' is in use by {owner}. SQLite stores belong to one process: stop it, or give this one a directory of its own.") => Path = path;

    /// <summary>The database.</summary>
    public string Path { get; }
}

/// <summary>The store can't take work now, but will: too much waits for it, somebody else has locked it, or its disk is full. Nothing was done; try again.</summary>
public sealed class StoreBusyException : FlowException
{
    /// <summary>Creates it.</summary>
    public StoreBusyException(string message, Exception? inner = null)
        : base(message, inner)
    {
    }
}

/// <summary>
/// The connection ended in the middle of a commit, and the database could not be asked since: the unit was done, or it was not. Read what it would have written before you do it again;
/// what is done by id, by checkpoint or by inbox may simply be done again.
/// </summary>
public sealed class CommitOutcomeUnknownException : FlowException
{
    /// <summary>Creates it.</summary>
    public CommitOutcomeUnknownException(string database, Exception inner)
        : base($"The connection to {database} ended in the middle of a commit, and nobody could say since whether it was done.", inner)
    {
    }
}

/// <summary>A schema can't be brought up to date.</summary>
public sealed class MigrationException : FlowException
{
    /// <summary>Creates it.</summary>
    public MigrationException(string message, Exception? inner = null)
        : base(message, inner)
    {
    }
}
