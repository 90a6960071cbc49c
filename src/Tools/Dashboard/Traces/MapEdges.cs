using FlowPlatform.Dashboard.Storage;

namespace FlowPlatform.Dashboard.Traces;

/// <summary>What makes an edge of the map one of its own.</summary>
internal readonly record struct EdgeKey(string From, string To, EdgeKind Kind, string? Via, bool IsReplay);

/// <summary>What was seen of one edge.</summary>
internal sealed class EdgeSum
{
    private readonly List<long> nanos = [];
    private long errors;

    public long Count => nanos.Count;

    public void Add(long duration, bool failed)
    {
        nanos.Add(Math.Max(0, duration));
        errors += failed ? 1 : 0;
    }

    public MapEdge ToEdge(EdgeKey key, double seconds)
    {
        nanos.Sort();
        return new MapEdge(key.From, key.To, key.Kind, key.Via, key.IsReplay, Count, Count / seconds, (double)errors / Count, At(0.5), At(0.95), At(0.99));
    }

    private TimeSpan At(double share) => UnixNanos.ToDuration(nanos[Math.Max(0, (int)Math.Ceiling(share * nanos.Count) - 1)]);
}
