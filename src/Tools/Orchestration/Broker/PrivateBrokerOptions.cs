namespace FlowPlatform.Orchestration.Broker;

/// <summary>How a private RabbitMQ node is started.</summary>
public sealed record PrivateBrokerOptions
{
    /// <summary>Holds everything of the node: messages, logs, secrets (mode 0600). One node at a time.</summary>
    public required string DataDirectory { get; init; }

    /// <summary>Default: <see cref="BrokerSource.Auto"/>.</summary>
    public BrokerSource Source { get; init; } = BrokerSource.Auto;

    /// <summary>The node's only user. Letters, digits, <c>-</c> and <c>_</c>. Default: <c>flow</c>.</summary>
    public string User { get; init; } = "flow";

    /// <summary>Letters, digits, <c>-</c> and <c>_</c>. Default: generated once and kept in the data directory.</summary>
    public string? Password { get; init; }

    /// <summary>AMQP port on 127.0.0.1. Default: any free one.</summary>
    public int? AmqpPort { get; init; }

    /// <summary>Stream protocol port on 127.0.0.1. Default: any free one.</summary>
    public int? StreamPort { get; init; }

    /// <summary>The port on 127.0.0.1 that stream clients are sent to, where something stands in front of the node's own. Default: <see cref="StreamPort"/>.</summary>
    public int? AdvertisedStreamPort { get; init; }

    /// <summary>More lines for the node's <c>rabbitmq.conf</c>, e.g. listeners for TLS; keep them on 127.0.0.1. Default: none.</summary>
    public IReadOnlyList<string> Configuration { get; init; } = [];

    /// <summary>More plugins, by name, besides <c>rabbitmq_stream</c>. Default: none.</summary>
    public IReadOnlyList<string> Plugins { get; init; } = [];

    /// <summary>How long the node may take until both ports answer. Default: 2 minutes (about 8 s on two idle cores).</summary>
    public TimeSpan StartLimit { get; init; } = TimeSpan.FromMinutes(2);

    /// <summary>How long the node may take to stop before it is killed. Default: 8 s (it takes about one).</summary>
    public TimeSpan StopLimit { get; init; } = TimeSpan.FromSeconds(8);

    /// <summary>What makes it a node of a cluster. Default: it is alone.</summary>
    internal ClusterMember? Member { get; init; }

    /// <summary>Used instead of looking for one.</summary>
    internal BrokerInstallation? Installation { get; init; }

    /// <summary>Called for each line that the node writes to its console. May be called concurrently.</summary>
    public Action<string>? OnOutput { get; init; }
}
