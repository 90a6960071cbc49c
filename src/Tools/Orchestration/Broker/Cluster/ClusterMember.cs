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
    /// How long a silent node counts as there, in seconds (Erlang's own default: 60). A stopped process (SIGSTOP, a hung machine) is noticed after three to five quarters of it; until then its
    /// streams have no other leader. Not lower: on a machine with too much to do, nodes that are well fall silent for seconds.
    /// </summary>
    private const int NetTickSeconds = 15;

    /// <summary>
    /// To be added to the VM's arguments. Replicas of streams listen on ports of their own (6000 to 6500, what is free of it) on every interface, and let in whoever has their token; the VM's
    /// default for listeners keeps them on loopback. Linux lets an ordinary user do so from 5.7 on.
    /// </summary>
    public string Arguments { get; } = string.Create(CultureInfo.InvariantCulture, $" -kernel net_ticktime {NetTickSeconds}")
        + (OperatingSystem.IsLinux() && Environment.OSVersion.Version >= new Version(5, 7) ? """ -kernel inet_default_listen_options [{bind_to_device,<<"lo">>}]""" : "");

    /// <summary>
    /// A node that was cut off stops serving until it sees a majority again, and then takes over what it missed: no two halves that both accept. Three nodes share the machine: a third each of
    /// RabbitMQ's default share of memory (0.4), and a small write-ahead log for quorum queues (default 512 MB each).
    /// </summary>
    public IEnumerable<string> Configuration()
    {
        yield return "cluster_partition_handling = pause_minority";
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
