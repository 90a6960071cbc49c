using FlowPlatform.Chaos.Network;
using FlowPlatform.Chaos.Plan;
using FlowPlatform.Orchestration.Supervision;

namespace FlowPlatform.Chaos.Running;

/// <summary>
/// A proxy in front of every endpoint that services talk to, by link. The AppHost tells services the proxies' ports (<c>Flow:Detours</c>) and, as RabbitMQ's advertised ports, everybody who is sent from node to node.
/// </summary>
internal sealed class Detours : IAsyncDisposable
{
    private readonly string data;
    private readonly Dictionary<string, TcpProxy> proxies;
    private Dictionary<string, Dictionary<string, int>>? endpoints;

    public Detours(string data, Topology topology, TimeProvider time)
    {
        this.data = data;
        proxies = topology.Links.ToDictionary(link => link, link => new TcpProxy(() => PortBehind(link), time));
    }

    public TcpProxy this[string link] => proxies[link];

    /// <summary>What the AppHost is to be told.</summary>
    public IEnumerable<KeyValuePair<string, string?>> Settings =>
        proxies.Select(proxy => KeyValuePair.Create($"Flow__Detours__{proxy.Key.Replace("/", "__", StringComparison.Ordinal)}", (string?)FormattableString.Invariant($"{proxy.Value.Port}")));

    /// <summary>Lets everything through again.</summary>
    public int Open => proxies.Values.Sum(proxy => proxy.Open);

    public async ValueTask DisposeAsync()
    {
        foreach (var proxy in proxies.Values)
        {
            await proxy.DisposeAsync();
        }
    }

    /// <summary>The AppHost chooses the ports, and writes them down before anything starts.</summary>
    private int? PortBehind(string link)
    {
        endpoints ??= EndpointFile.Read(data);
        var (resource, endpoint) = (link.Split('/')[0], link.Split('/')[1]);
        return endpoints?.GetValueOrDefault(resource)?.GetValueOrDefault(endpoint);
    }
}
