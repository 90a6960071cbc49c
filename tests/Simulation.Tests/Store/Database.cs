using FlowPlatform.Stores;

namespace FlowPlatform.Simulation;

/// <summary>
/// What is on disk: it outlives processes. One transaction at a time. A durable one keeps every commit; another may lose the last ones together when its process is killed, never a part of one.
/// </summary>
internal sealed class Database(Machine machine, string name, bool durable)
{
    private const int Remembered = 12;
    private readonly List<Snapshot> earlier = [];
    private readonly LinkedList<Waiter> waiting = new();
    private Waiter? holder;
    private int incarnations = 1;

    public Machine Machine => machine;

    public string Name => name;

    public Snapshot Current { get; private set; } = new();

    /// <summary>While true it says now and then that it is busy.</summary>
    public bool Faulty { get; set; } = true;

    /// <summary>How often it was created.</summary>
    public int Life { get; private set; } = 1;

    /// <summary>Stores that processes have open on it.</summary>
    public List<SimulatedStore> Open { get; } = [];

    /// <summary>For a mutation: sequences that were taken outside of a transaction.</summary>
    public Dictionary<Log.PartitionId, long> Counters { get; } = [];

    public async Task<Waiter> TakeTurnAsync(Lane lane)
    {
        var waiter = new Waiter(lane);
        if (holder is null)
        {
            holder = waiter;
        }
        else
        {
            waiting.AddLast(waiter);
            await waiter.Turn.Task;
        }

        return waiter;
    }

    public void Release(Waiter turn)
    {
        if (holder != turn)
        {
            return;
        }

        holder = waiting.First?.Value;
        if (holder is not null)
        {
            waiting.RemoveFirst();
            var next = holder.Turn;
            holder.Lane.Post(() => next.SetResult());
        }
    }

    public void Commit(Snapshot snapshot)
    {
        earlier.Add(Current);
        if (earlier.Count > Remembered)
        {
            earlier.RemoveAt(0);
        }

        Current = snapshot;
    }

    /// <summary>A process was killed: its open transaction is rolled back; without fsync the last commits go, too.</summary>
    public void Lose(Lane lane)
    {
        Open.RemoveAll(store => store.Lane == lane);
        for (var node = waiting.First; node is not null;)
        {
            var next = node.Next;
            if (node.Value.Lane == lane)
            {
                waiting.Remove(node);
            }

            node = next;
        }

        if (holder is { } dead && dead.Lane == lane)
        {
            Release(dead);
        }

        if (!durable && Open.Count == 0 && machine.Dice.OneIn(2))
        {
            GoBack(machine.Dice.Between(0, 4));
        }
    }

    /// <summary>The transaction that is open ends without a commit, as when the database closes the connection of one that idles in it.</summary>
    public void EndOpenTransaction()
    {
        if (holder is { } open)
        {
            open.Doomed = true;
            Release(open);
        }
    }

    public void EndTransactionOf(Lane lane)
    {
        if (holder?.Lane == lane)
        {
            EndOpenTransaction();
        }
    }

    /// <summary>It is as it was some commits ago.</summary>
    public void GoBack(int commits)
    {
        var index = Math.Max(0, earlier.Count - commits);
        if (index < earlier.Count)
        {
            machine.Trace.Say($"{name}: lost {earlier.Count - index} commits");
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

    internal sealed class Waiter(Lane lane)
    {
        public Lane Lane => lane;

        public TaskCompletionSource Turn { get; } = new();

        public bool Doomed { get; set; }
    }
}
