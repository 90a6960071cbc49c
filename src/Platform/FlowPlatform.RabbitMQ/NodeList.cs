using FlowPlatform.RabbitMQ.StreamProtocol;

namespace FlowPlatform.RabbitMQ;

/// <summary>The addresses that were given, and those by which nodes were known since, the most promising first. Bounded. Safe for concurrent use.</summary>
internal sealed class NodeList
{
    /// <summary>Where nodes come and go under new addresses, such as pods, the least promising of the old ones are forgotten; the given ones stay.</summary>
    private const int Most = 64;
    private readonly Lock gate = new();
    private readonly StreamEndpoint[] given;
    private readonly List<StreamEndpoint> nodes;

    /// <param name="known">From the beginning. In random order, so that clients spread over a cluster.</param>
    public NodeList(IEnumerable<StreamEndpoint> known)
    {
        given = [.. known.Distinct()];
        nodes = [.. given];
        Random.Shared.Shuffle(System.Runtime.InteropServices.CollectionsMarshal.AsSpan(nodes));
    }

    public StreamEndpoint[] Snapshot()
    {
        lock (gate)
        {
            return [.. nodes];
        }
    }

    public void Add(StreamEndpoint node)
    {
        lock (gate)
        {
            if (nodes.Contains(node))
            {
                return;
            }

            if (nodes.Count >= Most && nodes.FindLastIndex(known => !given.Contains(known)) is >= 0 and var oldest)
            {
                nodes.RemoveAt(oldest);
            }

            nodes.Add(node);
        }
    }

    /// <summary>The others come before it: one that takes connections and says nothing would cost everybody a time limit each time.</summary>
    public void Failed(StreamEndpoint node)
    {
        lock (gate)
        {
            if (nodes.Remove(node))
            {
                nodes.Add(node);
            }
        }
    }
}
