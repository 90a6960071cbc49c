using FlowPlatform.Stores;

namespace FlowPlatform.Simulation;

/// <summary>What transactions hold until they end, and who waits for it: first come, first served. A wait that lasts too long is given up, which ends deadlocks, too.</summary>
internal sealed class LockTable(Machine machine, TimeSpan? limit)
{
    private readonly Dictionary<Row, Held> rows = [];

    /// <summary>Takes it, at once or when its turn comes.</summary>
    /// <exception cref="StoreBusyException">Its turn did not come in time.</exception>
    public ValueTask TakeAsync(SimulatedConnection owner, Row row, bool shared = false)
    {
        if (!rows.TryGetValue(row, out var held))
        {
            rows[row] = held = new Held();
        }

        if (held.Owners.ContainsKey(owner))
        {
            return ValueTask.CompletedTask;
        }

        var waiter = new Waiter(owner, shared);
        owner.Rows.Add(row);
        if (held.Waiting.Count == 0 && held.Admits(shared))
        {
            held.Owners.Add(owner, shared);
            return ValueTask.CompletedTask;
        }

        held.Waiting.AddLast(waiter);
        if (limit is { } most)
        {
            machine.After(most, () => GiveUp(row, held, waiter));
        }

        return new ValueTask(waiter.Turn.Task);
    }

    /// <summary>The transaction has ended: what it held is free, and what it waits for it doesn't get.</summary>
    public void Release(SimulatedConnection owner)
    {
        foreach (var row in owner.Rows)
        {
            if (rows.TryGetValue(row, out var held))
            {
                held.Owners.Remove(owner);
                for (var node = held.Waiting.First; node is not null;)
                {
                    var next = node.Next;
                    if (node.Value.Owner == owner)
                    {
                        held.Waiting.Remove(node);
                        Refuse(node.Value, "The simulated database has ended the transaction, which was waiting.");
                    }

                    node = next;
                }

                Grant(row, held);
            }
        }

        owner.Rows.Clear();
    }

    private void GiveUp(Row row, Held held, Waiter waiter)
    {
        if (held.Waiting.Remove(waiter))
        {
            Refuse(waiter, $"The simulated database waited too long for {row.Table} {row.Key}.");
            Grant(row, held);
        }
    }

    private static void Refuse(Waiter waiter, string reason) => waiter.Owner.Lane.Post(() => waiter.Turn.TrySetException(new StoreBusyException(reason)));

    private void Grant(Row row, Held held)
    {
        while (held.Waiting.First?.Value is { } next && held.Admits(next.Shared))
        {
            held.Waiting.RemoveFirst();
            held.Owners.Add(next.Owner, next.Shared);
            next.Owner.Lane.Post(() => next.Turn.TrySetResult());
        }

        if (held.Owners.Count == 0 && held.Waiting.Count == 0)
        {
            rows.Remove(row);
        }
    }

    private sealed class Held
    {
        public Dictionary<SimulatedConnection, bool> Owners { get; } = [];

        public LinkedList<Waiter> Waiting { get; } = new();

        public bool Admits(bool shared)
        {
            foreach (var (_, sharing) in Owners)
            {
                if (!shared || !sharing)
                {
                    return false;
                }
            }

            return true;
        }
    }

    private sealed class Waiter(SimulatedConnection owner, bool shared)
    {
        public SimulatedConnection Owner => owner;

        public bool Shared => shared;

        public TaskCompletionSource Turn { get; } = new();
    }
}
