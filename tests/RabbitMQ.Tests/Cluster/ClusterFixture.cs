using System.Diagnostics;
using System.Globalization;
using FlowPlatform.Log;
using FlowPlatform.Orchestration.Broker;
using FlowPlatform.RabbitMQ.StreamProtocol;
using FlowPlatform.Tests.Support;
using RabbitMQ.Client;
using RabbitMQ.Client.Exceptions;

namespace FlowPlatform.RabbitMQ.Tests.Cluster;

/// <summary>Tests on three nodes: one after the other, for they take nodes away.</summary>
[CollectionDefinition(Name)]
public sealed class OnCluster : ICollectionFixture<ClusterFixture>
{
    public const string Name = "three nodes";
}

/// <summary>A cluster of three private nodes; every test leaves it whole.</summary>
public sealed class ClusterFixture : IAsyncLifetime
{
    private readonly TemporaryDirectory directory = new();
    private PrivateCluster? cluster;

    /// <summary>For what takes a restart of a node on a busy machine.</summary>
    public static TimeSpan Limit { get; } = TimeSpan.FromMinutes(2);

    public Uri AmqpUri => new(cluster!.AmqpUri);

    public Uri StreamUri => new(cluster!.StreamUri);

    public IReadOnlyList<PrivateClusterNode> Nodes => cluster!.Nodes;

    public async ValueTask InitializeAsync() => cluster = await PrivateCluster.StartAsync(new PrivateClusterOptions { DataDirectory = directory.Path }, null, CancellationToken.None);

    public async ValueTask DisposeAsync()
    {
        if (cluster is not null)
        {
            await cluster.DisposeAsync();
        }

        directory.Dispose();
    }

    internal RabbitMqEventLogOptions Options() => new() { AmqpUri = AmqpUri, StreamUri = StreamUri, Nodes = PrivateCluster.Size };

    internal RabbitMqEventLog OpenLog() => new(Options(), TimeProvider.System);

    internal PrivateClusterNode NodeAt(StreamEndpoint endpoint) => Nodes.Single(node => node.StreamPort == endpoint.Port);

    /// <summary>What a node says of a stream; by default any that answers.</summary>
    internal async Task<StreamMetadata> MetadataAsync(PartitionId partition, PrivateClusterNode? of = null)
    {
        Exception? last = null;
        foreach (var node in of is null ? Nodes.Where(node => node.Trouble is null) : [of])
        {
            try
            {
                var access = BrokerAddress.Parse(Options()).Stream;
                await using var connection = await StreamConnection.ConnectAsync(
                    new StreamConnectionOptions
                    {
                        Endpoint = new StreamEndpoint("127.0.0.1", node.StreamPort),
                        User = access.User,
                        Password = access.Password,
                        ConnectionName = "tests",
                        RequestTimeout = TimeSpan.FromSeconds(5),
                        ConnectTimeout = TimeSpan.FromSeconds(5),
                    },
                    TestContext.Current.CancellationToken);
                return (await connection.QueryMetadataAsync([partition.Name], TestContext.Current.CancellationToken))[0];
            }
            catch (StreamConnectionException gone)
            {
                last = gone;
            }
        }

        throw last!;
    }

    internal async Task<PrivateClusterNode> LeaderAsync(PartitionId partition) =>
        NodeAt((await Eventually.ThatAsync($"{partition} has a leader", async () => await TryMetadataAsync(partition), metadata => metadata?.Leader is not null, Limit))!.Leader!.Value);

    internal async Task<PrivateClusterNode> FollowerAsync(PartitionId partition)
    {
        var leader = await LeaderAsync(partition);
        return Nodes.First(node => node != leader);
    }

    /// <summary>All nodes serve, and the streams are on all of them.</summary>
    internal async Task WholeAsync(params IEnumerable<PartitionId> partitions)
    {
        await Eventually.ThatAsync(
            "all nodes serve",
            () => Task.FromResult(string.Join("; ", Nodes.Select(node => node.Trouble).OfType<string>())),
            troubles => troubles.Length == 0,
            Limit);
        foreach (var partition in partitions)
        {
            await Eventually.ThatAsync(
                $"{partition} is on all nodes, as every node says",
                async () => string.Join("; ", (await Task.WhenAll(Nodes.Select(async node => Missing(node, await TryMetadataAsync(partition, node))))).OfType<string>()),
                missing => missing.Length == 0,
                Limit);
        }
    }

    /// <summary>What a node's picture of a stream lacks; null if nothing.</summary>
    private static string? Missing(PrivateClusterNode node, StreamMetadata? seen) => seen switch
    {
        { Leader: not null, Replicas.Count: PrivateCluster.Size - 1 } => null,
        null => $"node {node.Number} doesn't say",
        _ => $"node {node.Number} ({node.StreamPort}) says {seen.Code}, leader {(seen.Leader is { } leader ? $"{leader.Port}" : "none")}, replicas {string.Join(", ", seen.Replicas.Select(replica => replica.Port))}",
    };

    /// <summary>Sends a signal to a node, as <c>kill</c> does.</summary>
    internal static async Task SignalAsync(PrivateClusterNode node, string signal)
    {
        using var kill = Process.Start("kill", [$"-{signal}", node.ProcessId.ShouldNotBeNull().ToString(CultureInfo.InvariantCulture)]);
        await kill.WaitForExitAsync(TestContext.Current.CancellationToken);
        kill.ExitCode.ShouldBe(0);
    }

    /// <summary>An AMQP connection to a node that listens: one that stood still may be taking itself back into the cluster, and doesn't meanwhile.</summary>
    internal async Task<IConnection> ConnectAsync()
    {
        var factory = new ConnectionFactory { UserName = "flow", Password = BrokerAddress.Parse(Options()).Amqp.Password };
        IConnection? connection = null;
        await Eventually.ThatAsync(
            "a node lets us in",
            async () =>
            {
                try
                {
                    connection = await factory.CreateConnectionAsync([.. Nodes.Select(node => new AmqpTcpEndpoint("127.0.0.1", node.AmqpPort))], "tests", CancellationToken.None);
                    return true;
                }
                catch (BrokerUnreachableException)
                {
                    return false;
                }
            },
            Limit);
        return connection!;
    }

    internal async Task DeleteAsync(StreamDefinition stream)
    {
        await WholeAsync();
        await using var connection = await ConnectAsync();
        await using var channel = await connection.CreateChannelAsync(cancellationToken: CancellationToken.None);
        foreach (var partition in stream.PartitionIds)
        {
            await channel.QueueDeleteAsync(partition.Name);
        }

        await channel.ExchangeDeleteAsync(stream.Name);
    }

    private async Task<StreamMetadata?> TryMetadataAsync(PartitionId partition, PrivateClusterNode? of = null)
    {
        try
        {
            return await MetadataAsync(partition, of);
        }
        catch (Exception passing) when (passing is StreamConnectionException or StreamProtocolException)
        {
            return null; // it is being started or elected: asked again
        }
    }
}
