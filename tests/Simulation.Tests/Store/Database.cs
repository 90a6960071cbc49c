using FlowPlatform.Log;

namespace FlowPlatform.Simulation;

/// <summary>
/// What is on disk: it outlives processes. A durable one keeps every commit; another may lose the last ones together when its process is killed, never a part of one. A shared one is a server's:
/// transactions run beside each other, wait for each other's rows, and are ended if they idle; any other has one transaction at a time.
/// </summary>
internal sealed class Database
{
    private const int Remembered = 12;
    private readonly List<Snapshot> earlier = [];
    private readonly List<SimulatedConnection> running = [];
    private readonly LockTable locks;
    private int incarnations = 1;
    private long commits;

    public Database(Machine machine, string name, DatabaseKind kind, TimeSpan? idleLimit)
    {
        Machine = machine;
        Name = name;
        Kind = kind;
        IdleLimit = idleLimit;
        locks = new LockTable(machine, kind == DatabaseKind.Shared ? idleLimit : null);
    }

    public Machine Machine { get; }

    public string Name { get; }

    public DatabaseKind Kind { get; }

    public bool IsShared => Kind == DatabaseKind.Shared;

    /// <summary>A transaction of a process that is paused is ended after so long; null: never.</summary>
    public TimeSpan? IdleLimit { get; }

    public Snapshot Current { get; private set; } = new();

    /// <summary>While true it says now and then that it is busy.</summary>
    public bool Faulty { get; set; } = true;

    /// <summary>True if a move of a checkpoint by another process than took its partition over last is a violation by itself, whether it does harm or not.</summary>
    public bool WatchesOwners { get; init; }

    /// <summary>How often it was created.</summary>
    public int Life { get; private set; } = 1;

    /// <summary>Ids of all events that were ever committed to its outbox, whatever became of them.</summary>
    public HashSet<string> Decided { get; } = new(StringComparer.Ordinal);

    /// <summary>What was seen to go wrong.</summary>
    public List<string> Violations { get; } = [];

    /// <summary>Stores that processes have open on it.</summary>
    public List<SimulatedStore> Open { get; } = [];

    /// <summary>For a mutation: sequences that were taken outside of a transaction.</summary>
    public Dictionary<PartitionId, long> Counters { get; } = [];

    public SimulatedConnection Begin(Lane lane, Snapshot? stale = null)
    {
        var connection = new SimulatedConnection(this, lane) { Stale = stale };
        running.Add(connection);
        return connection;
    }

    public void End(SimulatedConnection connection)
    {
        running.Remove(connection);
        locks.Release(connection);
    }

    /// <summary>Takes a row; where there is one transaction at a time, only a schema stands for anything.</summary>
    public ValueTask LockAsync(SimulatedConnection connection, Row row, bool shared = false) =>
        IsShared || row.Table == "schema" ? locks.TakeAsync(connection, row, shared) : ValueTask.CompletedTask;

    public bool IsIn(Lane lane) => running.Exists(connection => connection.Lane == lane);

    public void Commit(Snapshot snapshot)
    {
        if (ReferenceEquals(snapshot, Current))
        {
            return;
        }

        earlier.Add(Current);
        if (earlier.Count > Remembered)
        {
            earlier.RemoveAt(0);
        }

        Current = snapshot;
        Machine.Witness(Name.Length, ++commits);
    }

    /// <summary>A process was killed: its open transactions are rolled back; without fsync the last commits go, too.</summary>
    public void Lose(Lane lane)
    {
        var mine = Open.RemoveAll(store => store.Lane == lane) > 0;
        EndTransactionsOf(lane);
        if (mine && Kind == DatabaseKind.Volatile && Open.Count == 0 && Machine.Dice.OneIn(2))
        {
            GoBack(Machine.Dice.Between(0, 4));
        }
    }

    /// <summary>Open transactions of a process, or all, end without a commit.</summary>
    public void EndTransactionsOf(Lane? lane) => running.FindAll(connection => lane is null || connection.Lane == lane).ForEach(connection => connection.End());

    /// <summary>It is as it was some commits ago.</summary>
    public void GoBack(int commits)
    {
        var index = Math.Max(0, earlier.Count - commits);
        if (index < earlier.Count)
        {
            Machine.Trace.Say($"{Name}: lost {earlier.Count - index} commits");
            Current = earlier[index];
            earlier.RemoveRange(index, earlier.Count - index);
        }
    }

    /// <summary>It was deleted, and is created anew.</summary>
    public void Recreate()
    {
        earlier.Clear();
        Current = new Snapshot { Incarnation = NextIncarnation() };
        Life++;
    }

    /// <summary>A name for an outbox that none has had.</summary>
    public int NextIncarnation() => ++incarnations;
}

/// <summary>What a database is.</summary>
internal enum DatabaseKind
{
    /// <summary>One process's, and every commit stays.</summary>
    Durable,

    /// <summary>One process's, without fsync.</summary>
    Volatile,

    /// <summary>A server's, that replicas share.</summary>
    Shared,
}
