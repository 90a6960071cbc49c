using System.Data.Common;


namespace FlowPlatform.Stores;

/// <summary>
/// A private database with one order of commits. <see cref="WriteAsync{T}"/> may be called from anywhere at any time; units commit in groups, each on its own savepoint (rule P6).
/// </summary>
public interface IStore : IAsyncDisposable
{
    /// <summary>Checkpoints of the consumers that live in this database (rule G1).</summary>
    ICheckpoints Checkpoints { get; }

    /// <summary>What the consumers that live in this database have parked.</summary>
    IParking Parking { get; }

    /// <summary>
    /// Runs a unit of work in a transaction and completes when it is durable. If the unit throws, nothing of it remains and the exception comes out here.
    /// Keep it short, and call nothing outside: others wait behind it.
    /// </summary>
    /// <exception cref="StoreBusyException">Too many units wait, or the database is locked or full; nothing was done.</exception>
    Task<T> WriteAsync<T>(Func<StoreTransaction, ValueTask<T>> work, CancellationToken cancellationToken);

    /// <summary>A read-only connection that sees what is committed. Dispose it soon: it returns to a pool.</summary>
    ValueTask<DbConnection> OpenReadAsync(CancellationToken cancellationToken);
}

/// <summary>A service's main store: its state, its reactors' checkpoints, its outbox and inbox, and the catalog of its projections' generations.</summary>
public interface IServiceStore : IStore
{
    /// <summary>What the relay reads and writes.</summary>
    IOutbox Outbox { get; }

    /// <summary>What operators did.</summary>
    IAudit Audit { get; }

    /// <summary>Events that operators gave up.</summary>
    IDiscards Discards { get; }

    /// <summary>Takes the store for this process, migrates it and creates its incarnation if it is new. Call once, before anything else.</summary>
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

/// <summary>A schema can't be brought up to date.</summary>
public sealed class MigrationException : FlowException
{
    /// <summary>Creates it.</summary>
    public MigrationException(string message, Exception? inner = null)
        : base(message, inner)
    {
    }
}
