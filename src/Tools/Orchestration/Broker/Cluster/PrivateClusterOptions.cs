namespace FlowPlatform.Orchestration.Broker;

/// <summary>How a private cluster is started.</summary>
public sealed record PrivateClusterOptions
{
    /// <summary>Holds everything: a folder per node with its messages and logs, the secrets (mode 0600). One cluster at a time.</summary>
    public required string DataDirectory { get; init; }

    /// <summary>Default: <see cref="BrokerSource.Auto"/>; a container is not possible.</summary>
    public BrokerSource Source { get; init; } = BrokerSource.Auto;

    /// <summary>The only user. Letters, digits, <c>-</c> and <c>_</c>. Default: <c>flow</c>.</summary>
    public string User { get; init; } = "flow";

    /// <summary>Letters, digits, <c>-</c> and <c>_</c>. Default: generated once and kept in the data directory.</summary>
    public string? Password { get; init; }

    /// <summary>AMQP ports on 127.0.0.1, one per node. Default: any free ones.</summary>
    public IReadOnlyList<int>? AmqpPorts { get; init; }

    /// <summary>Stream protocol ports on 127.0.0.1, one per node. Default: any free ones.</summary>
    public IReadOnlyList<int>? StreamPorts { get; init; }

    /// <summary>The ports on 127.0.0.1 that stream clients are sent to, one per node, where something stands in front of the nodes' own. Default: <see cref="StreamPorts"/>.</summary>
    public IReadOnlyList<int>? AdvertisedStreamPorts { get; init; }

    /// <summary>How long a node may take until both of its ports answer. Default: 4 minutes (three nodes at a time on two idle cores: about 15 s).</summary>
    public TimeSpan StartLimit { get; init; } = TimeSpan.FromMinutes(4);

    /// <summary>How long nodes may take to stop before they are killed. Default: 8 s (they take about two).</summary>
    public TimeSpan StopLimit { get; init; } = TimeSpan.FromSeconds(8);

    /// <summary>Used instead of looking for one.</summary>
    internal BrokerInstallation? Installation { get; init; }

    /// <summary>Called for each line that a node writes to its console, and for what becomes of nodes. May be called concurrently.</summary>
    public Action<string>? OnOutput { get; init; }
}
