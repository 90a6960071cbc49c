using FlowPlatform.RabbitMQ.StreamProtocol;

namespace FlowPlatform.RabbitMQ;

/// <summary>Every address by which a node was ever known, the most promising first. Safe for concurrent use.</summary>
internal sealed class NodeList
{
    private readonly Lock gate = new();
    private readonly List<StreamEndpoint> nodes;

    /// <param name="known">From the beginning. In random order, so that clients spread over a cluster.</param>
    public NodeList(IEnumerable<StreamEndpoint> known)
    {
        nodes = [.. known.Distinct()];
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
            if (!nodes.Contains(node))
            {
                nodes.Add(node);
            }
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
