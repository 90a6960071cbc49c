using System.Globalization;

namespace FlowPlatform.Orchestration.Broker;

/// <summary>What a node has in common with the other nodes of its cluster, and which of them it joins when its database is new.</summary>
/// <param name="Number">From 1.</param>
/// <param name="Secrets">Its own name, and the credentials and the cookie of all.</param>
/// <param name="EpmdPort">The port mapper of all.</param>
/// <param name="Joins">The node to join; null for the first.</param>
internal sealed record ClusterMember(int Number, NodeSecrets Secrets, int EpmdPort, string? Joins)
{
    /// <summary>
    /// How long a silent node counts as there, in seconds. Erlang's own default, and longer than it takes us to end a node that answers no more (<see cref="PrivateClusterNode"/>), so that the
    /// others see a node that is gone, not one that comes back from a silence.
    /// </summary>
    private const int NetTickSeconds = 60;

    /// <summary>
    /// To be added to the VM's arguments. Replicas of streams listen on ports of their own (6000 to 6500, what is free of it) on every interface, and let in whoever has their token; the VM's
    /// default for listeners keeps them on loopback. Linux lets an ordinary user do so from 5.7 on.
    /// </summary>
    public string Arguments { get; } = string.Create(CultureInfo.InvariantCulture, $" -kernel net_ticktime {NetTickSeconds}")
        + (OperatingSystem.IsLinux() && Environment.OSVersion.Version >= new Version(5, 7) ? """ -kernel inet_default_listen_options [{bind_to_device,<<"lo">>}]""" : "");

    /// <summary>
    /// A node that stood still for too long finds itself parted from the others when it goes on. pause_minority doesn't notice, for by then it can reach them again, and it would stay parted for ever
    /// (seen on 3.10.8); autoheal starts again the side with fewer connections, or fewer nodes, but was seen to leave a stream without a leader. So nodes are ended before it comes to that, and
    /// autoheal is for what else may part them. What streams and quorum queues hold depends on neither, but on their own majorities.
    /// Three nodes share the machine: a third each of RabbitMQ's default share of memory (0.4), and a small write-ahead log for quorum queues (default 512 MB each).
    /// </summary>
    public IEnumerable<string> Configuration()
    {
        yield return "cluster_partition_handling = autoheal";
        yield return "vm_memory_high_watermark.relative = 0.13";
        yield return "raft.wal_max_size_bytes = 67108864";
        if (Joins is { } first)
        {
            yield return "cluster_formation.peer_discovery_backend = classic_config";
            yield return $"cluster_formation.classic_config.nodes.1 = {first}";
            yield return $"cluster_formation.classic_config.nodes.2 = {Secrets.NodeName}";
        }
    }
}
