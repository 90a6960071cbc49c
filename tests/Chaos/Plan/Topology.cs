namespace FlowPlatform.Chaos.Plan;

/// <summary>What there is to do something to.</summary>
/// <param name="Services">Processes of services by their resources' names, such as <c>orders</c> or <c>inventory-2</c>.</param>
/// <param name="BrokerNodes">1 or 3.</param>
/// <param name="OnPostgres">Whether stores are in Postgres; else they are SQLite's.</param>
/// <param name="SmallDisk">Whose store lies on a disk of its own: a service, or <c>postgres</c>; null: nobody's.</param>
internal sealed record Topology(IReadOnlyList<string> Services, int BrokerNodes, bool OnPostgres, string? SmallDisk)
{
    /// <summary>All that have a store.</summary>
    public static readonly IReadOnlyList<string> Stores = ["orders", "inventory", "payments", "shipping", "insights"];

    /// <summary>Everything between services and a broker node's stream port, its AMQP port, or Postgres; by the name of the AppHost's endpoint, with the resource's before it.</summary>
    public IReadOnlyList<string> Links =>
    [
        .. Nodes.Select(node => node == 1 ? "rabbitmq/stream" : $"rabbitmq/stream-{node}"),
        .. Nodes.Select(node => node == 1 ? "rabbitmq/tcp" : $"rabbitmq/tcp-{node}"),
        .. OnPostgres ? ["postgres/tcp"] : Array.Empty<string>(),
    ];

    /// <summary>What is cut together.</summary>
    public IReadOnlyList<string> LinkTargets =>
    [
        "all streams", "all amqp", .. BrokerNodes > 1 ? Nodes.Select(node => $"node {node}") : [], .. OnPostgres ? ["postgres"] : Array.Empty<string>(),
    ];

    private IEnumerable<int> Nodes => Enumerable.Range(1, BrokerNodes);

    /// <summary>Of which service a process is.</summary>
    public static string ServiceOf(string process) => process.Split('-')[0];

    /// <summary>The links of a target.</summary>
    public IEnumerable<string> LinksOf(string target) => target switch
    {
        "all streams" => Links.Where(link => link.StartsWith("rabbitmq/stream", StringComparison.Ordinal)),
        "all amqp" => Links.Where(link => link.StartsWith("rabbitmq/tcp", StringComparison.Ordinal)),
        "postgres" => ["postgres/tcp"],
        "node 1" => ["rabbitmq/stream", "rabbitmq/tcp"],
        _ => Links.Where(link => link.StartsWith("rabbitmq/", StringComparison.Ordinal) && link.EndsWith($"-{target["node ".Length..]}", StringComparison.Ordinal)),
    };
}
