using FlowPlatform.Dashboard.Storage;
using FlowPlatform.Storage.Sqlite;

namespace FlowPlatform.Dashboard.Traces;

/// <summary>What makes an edge of the map one of its own.</summary>
internal readonly record struct EdgeKey(string From, string To, EdgeKind Kind, string? Via, bool IsReplay)
{
    /// <summary>All that a service does.</summary>
    public static EdgeKey Own(string service) => new(service, "", EdgeKind.Own, null, false);
}

/// <summary>A span or a link as it was counted.</summary>
internal readonly record struct Counted(long Edge, int Bucket, long Start, bool Failed);

/// <summary>Adds up edges by minute and by hour. What is counted is collected, and written once in a transaction. Not safe for concurrent use.</summary>
internal sealed class EdgeSums(SignalConnection connection)
{
    public const int Minute = 60;
    public const int Hour = 3_600;
    private const long NanosPerSecond = 1_000_000_000;

    /// <summary>Edges whose numbers are known without a look.</summary>
    private const int MaxKnown = 4_096;

    private readonly Dictionary<EdgeKey, long> known = [];
    private readonly Dictionary<(long Edge, int Step, long Time), Change> changes = [];

    private readonly Statement addEdge = connection.Prepare(
        """
        INSERT INTO edge (origin, target, kind, via, replay, count) VALUES (?1, ?2, ?3, ?4, ?5, 0)
        ON CONFLICT (origin, target, kind, via, replay) DO UPDATE SET kind = kind RETURNING id
        """);

    private readonly Statement changeEdge = connection.Prepare("UPDATE edge SET count = count + ?2 WHERE id = ?1 RETURNING count");
    private readonly Statement removeEdge = connection.Prepare("DELETE FROM edge WHERE id = ?1");
    private readonly Statement find = connection.Prepare("SELECT durations, errors FROM edge_sum WHERE edge = ?1 AND step = ?2 AND time = ?3");
    private readonly Statement remove = connection.Prepare("DELETE FROM edge_sum WHERE edge = ?1 AND step = ?2 AND time = ?3");

    private readonly Statement write = connection.Prepare(
        "INSERT INTO edge_sum (edge, step, time, errors, durations) VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT DO UPDATE SET errors = ?4, durations = ?5");

    /// <summary>The number of an edge. One that nothing is counted for goes with <see cref="Write"/>.</summary>
    public long IdOf(EdgeKey key)
    {
        if (!known.TryGetValue(key, out var id))
        {
            if (known.Count >= MaxKnown)
            {
                known.Clear();
            }

            id = known[key] = SignalConnection.One(addEdge.With(1, key.From).With(2, key.To).With(3, (int)key.Kind).With(4, key.Via ?? "").With(5, key.IsReplay ? 1 : 0));
        }

        return id;
    }

    /// <summary>Counts a span or a link.</summary>
    public void Add(Counted counted) => Add(counted, 1);

    /// <summary>Takes one back.</summary>
    public void Remove(Counted counted) => Add(counted, -1);

    /// <summary>Writes what was collected, in the transaction that is open.</summary>
    public void Write()
    {
        var edges = new Dictionary<long, long>();
        foreach (var ((edge, step, time), change) in changes)
        {
            if (step == Minute)
            {
                edges[edge] = edges.GetValueOrDefault(edge) + change.Durations.Count;
            }

            Write(edge, step, time, change);
        }

        foreach (var (edge, count) in edges)
        {
            if (SignalConnection.One(changeEdge.With(1, edge).With(2, count)) == 0)
            {
                removeEdge.With(1, edge).Run();
                known.Clear();
            }
        }

        changes.Clear();
    }

    /// <summary>After a rollback: nothing was counted, and no edge is known.</summary>
    public void Reset()
    {
        known.Clear();
        changes.Clear();
    }

    private void Add(Counted counted, int count)
    {
        var second = counted.Start / NanosPerSecond;
        foreach (var step in (ReadOnlySpan<int>)[Minute, Hour])
        {
            var key = (counted.Edge, step, second - (second % step));
            if (!changes.TryGetValue(key, out var change))
            {
                changes[key] = change = new Change();
            }

            change.Durations.Add(counted.Bucket, count);
            change.Errors += counted.Failed ? count : 0;
        }
    }

    private void Write(long edge, int step, long time, Change change)
    {
        find.With(1, edge).With(2, step).With(3, time);
        if (find.Step())
        {
            change = new Change { Durations = change.Durations, Errors = change.Errors + find.Long(1) };
            change.Durations.Add(find.Blob(0));
            find.Reset();
        }

        if (change.Durations.Count == 0)
        {
            remove.With(1, edge).With(2, step).With(3, time).Run();
        }
        else
        {
            write.With(1, edge).With(2, step).With(3, time).With(4, change.Errors).With(5, change.Durations.ToBytes()).Run();
        }
    }

    private sealed class Change
    {
        public DurationCounts Durations { get; init; } = new();

        public long Errors { get; set; }
    }
}
