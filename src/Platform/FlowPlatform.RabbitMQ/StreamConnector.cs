using System.Collections.Concurrent;
using FlowPlatform.Log;
using FlowPlatform.RabbitMQ.StreamProtocol;

namespace FlowPlatform.RabbitMQ;

/// <summary>
/// Finds the node to talk to and connects to it. What nodes say about leaders and replicas is a hint that may be seconds old: everything is tried again,
/// with jittered back-off, until the time limit. Safe for concurrent use.
/// </summary>
internal sealed class StreamConnector : IAsyncDisposable
{
    private static readonly TimeSpan FirstDelay = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan LongestDelay = TimeSpan.FromSeconds(1);

    // Of three nodes behind a balancer that throws dice, one is missed so often once in 3,000 times; then back-off, and again.
    private const int AttemptsThroughBalancer = 20;

    /// <summary>Replicas come to a new leader within a second, and on busy machines somewhat later. Until then it delivers nothing, as if the stream were empty.</summary>
    private static readonly TimeSpan Settling = TimeSpan.FromSeconds(5);

    // By stream: over which connection its leader was asked last, and since when.
    private readonly ConcurrentDictionary<string, (StreamConnection Connection, long Since)> leaders = new();
    private readonly NodeList known;
    private readonly RabbitMqEventLogOptions options;
    private readonly BrokerAddress address;
    private readonly TimeProvider time;
    private readonly AdminConnections admin;
    private readonly Func<StreamEndpoint, StreamEndpoint>? resolve;

    public StreamConnector(RabbitMqEventLogOptions options, BrokerAddress address, TimeProvider time)
    {
        this.options = options;
        this.address = address;
        this.time = time;
        known = new NodeList(address.Stream.Endpoints);
        resolve = options.AddressResolver ?? (address.LoadBalancer ? _ => address.Stream.Endpoint : null);
        admin = new AdminConnections(node => node is { } wanted ? ConnectToAsync(wanted, "admin", CancellationToken.None) : ConnectAnywhereAsync());
    }

    /// <summary>Opens a connection of its own to the stream's leader and does something on it; closes it again if that fails.</summary>
    public Task<T> OpenOnLeaderAsync<T>(string stream, string purpose, Func<StreamConnection, Task<T>> open, CancellationToken cancellationToken) =>
        RetryAsync(stream, async () => await OpenAsync(await LeaderAsync(stream, cancellationToken), $"{purpose} {stream}", open, cancellationToken), cancellationToken);

    /// <summary>
    /// Opens a connection of its own to a replica, in random order, so that readers spread and leave the leader to the writers; to the leader only if no replica takes it. Does something on the
    /// connection; closes it again if that fails.
    /// </summary>
    public Task<T> OpenOnReplicaAsync<T>(string stream, string purpose, Func<StreamConnection, Task<T>> open, CancellationToken cancellationToken) =>
        RetryAsync(
            stream,
            async () =>
            {
                var metadata = await ResolveAsync(stream, cancellationToken);
                StreamEndpoint[] nodes = [.. metadata.Replicas];
                Random.Shared.Shuffle(nodes);
                nodes = metadata.Leader is { } leader ? [.. nodes, leader] : nodes;
                for (var i = 0; i < nodes.Length; i++)
                {
                    try
                    {
                        return await OpenAsync(nodes[i], $"{purpose} {stream}", open, cancellationToken);
                    }
                    catch (Exception e) when (RabbitMqErrors.Passes(e) && i + 1 < nodes.Length)
                    {
                        continue;
                    }
                }

                throw NoLeader(stream);
            },
            cancellationToken);

    /// <summary>
    /// Does something short on the shared connection to the leader, which must itself say that it leads (rule W3); where there are replicas, one of them must agree afterwards: a leader that was cut
    /// off or stopped for a while doesn't know that another was elected. It may be done again after a fault. What is done is told for how long the leader may not know yet how far its replicas are;
    /// null where there are none.
    /// </summary>
    public Task<T> UseLeaderAsync<T>(string stream, Func<StreamConnection, TimeSpan?, Task<T>> use, CancellationToken cancellationToken) =>
        RetryAsync(
            stream,
            async () =>
            {
                var leader = await LeaderAsync(stream, cancellationToken);
                var connection = await admin.GetAsync(leader, cancellationToken);
                var seen = (await connection.QueryMetadataAsync([stream], cancellationToken))[0];
                var found = seen.Leader == leader ? await use(connection, SettlingOf(seen, connection)) : throw NoLeader(stream);
                return seen.Replicas.Count == 0 || await IsAgreedAsync(seen, leader, cancellationToken) ? found : throw NoLeader(stream);
            },
            cancellationToken);

    private TimeSpan? SettlingOf(StreamMetadata stream, StreamConnection leader)
    {
        if (stream.Replicas.Count == 0 && options.Nodes == 1)
        {
            return null;
        }

        var now = time.GetTimestamp();
        var (_, since) = leaders.AddOrUpdate(stream.Stream, _ => (leader, now), (_, seen) => seen.Connection == leader ? seen : (leader, now));
        var left = Settling - time.GetElapsedTime(since, now);
        return left > TimeSpan.Zero ? left : TimeSpan.Zero;
    }

    /// <summary>Asks any node where these streams live.</summary>
    public Task<IReadOnlyList<StreamMetadata>> QueryAsync(IReadOnlyCollection<string> streams, CancellationToken cancellationToken) =>
        RetryAsync(streams.First(), () => QueryOnceAsync(streams, cancellationToken), cancellationToken);

    public ValueTask DisposeAsync() => admin.DisposeAsync();

    private static StreamResponseException NoLeader(string stream) => new(StreamCommand.Metadata, StreamResponseCode.StreamNotAvailable, stream);

    private async Task<StreamEndpoint> LeaderAsync(string stream, CancellationToken cancellationToken) =>
        (await ResolveAsync(stream, cancellationToken)).Leader ?? throw NoLeader(stream);

    private async Task<StreamMetadata> ResolveAsync(string stream, CancellationToken cancellationToken)
    {
        var metadata = (await QueryOnceAsync([stream], cancellationToken))[0];
        return metadata.Code == StreamResponseCode.Ok ? metadata : throw new StreamResponseException(StreamCommand.Metadata, metadata.Code, stream);
    }

    private async Task<IReadOnlyList<StreamMetadata>> QueryOnceAsync(IReadOnlyCollection<string> streams, CancellationToken cancellationToken)
    {
        var connection = await admin.GetAsync(null, cancellationToken);
        var answers = await connection.QueryMetadataAsync(streams, cancellationToken);
        foreach (var node in answers.SelectMany(answer => answer.Replicas.Concat(answer.Leader is { } leader ? [leader] : [])).Distinct())
        {
            known.Add(Reachable(node));
        }

        return answers;
    }

    private async Task<T> RetryAsync<T>(string stream, Func<Task<T>> attempt, CancellationToken cancellationToken)
    {
        var started = time.GetTimestamp();
        for (var delay = FirstDelay; ; delay = delay < LongestDelay / 2 ? 2 * delay : LongestDelay)
        {
            try
            {
                return await attempt();
            }
            catch (Exception e) when (RabbitMqErrors.Passes(e))
            {
                if (time.GetElapsedTime(started) + delay > options.ResolveTimeout)
                {
                    throw new EventLogUnavailableException($"'{stream}' could not be reached for {options.ResolveTimeout.TotalSeconds:0.#} s. {e.Message}", e);
                }
            }

            await Task.Delay(delay * (0.5 + Random.Shared.NextDouble()), time, cancellationToken);
        }
    }

    private async Task<T> OpenAsync<T>(StreamEndpoint node, string name, Func<StreamConnection, Task<T>> open, CancellationToken cancellationToken)
    {
        var connection = await ConnectToAsync(node, name, cancellationToken);
        try
        {
            return await open(connection);
        }
        catch
        {
            await connection.DisposeAsync();
            throw;
        }
    }

    /// <summary>The first replica that answers decides; none is no agreement.</summary>
    private async Task<bool> IsAgreedAsync(StreamMetadata seen, StreamEndpoint leader, CancellationToken cancellationToken)
    {
        foreach (var replica in seen.Replicas)
        {
            try
            {
                var connection = await admin.GetAsync(replica, cancellationToken);
                return (await connection.QueryMetadataAsync([seen.Stream], cancellationToken))[0].Leader == leader;
            }
            catch (Exception e) when (RabbitMqErrors.Passes(e))
            {
                continue;
            }
        }

        return false;
    }

    /// <summary>The addresses that were given, then every node that was ever named; those that failed last come last.</summary>
    private async Task<StreamConnection> ConnectAnywhereAsync()
    {
        var candidates = known.Snapshot();
        for (var i = 0; ; i++)
        {
            try
            {
                return await ConnectAsync(candidates[i], "admin", CancellationToken.None);
            }
            catch (Exception e) when (RabbitMqErrors.Passes(e))
            {
                known.Failed(candidates[i]);
                if (i + 1 == candidates.Length)
                {
                    throw;
                }
            }
        }
    }

    /// <summary>
    /// A connection to this very node. Behind a load balancer chance decides where one ends: so it is tried until the node that answers says that it is the one
    /// (which is what the specification's authors advise). Where a node leads or has no member, another one's answer would be wrong (rule W3).
    /// </summary>
    private async Task<StreamConnection> ConnectToAsync(StreamEndpoint node, string purpose, CancellationToken cancellationToken)
    {
        StreamEndpoint? reached = null;
        for (var attempt = 0; attempt < AttemptsThroughBalancer; attempt++)
        {
            var connection = await ConnectAsync(Reachable(node), purpose, cancellationToken);
            if (resolve is null || connection.AdvertisedEndpoint is null || connection.AdvertisedEndpoint == node)
            {
                return connection;
            }

            reached = connection.AdvertisedEndpoint;
            await connection.DisposeAsync();
        }

        throw new StreamConnectionException($"{node} was not reached by {Reachable(node)} in {AttemptsThroughBalancer} connections; the last one ended at {reached}.");
    }

    private StreamEndpoint Reachable(StreamEndpoint advertised) => resolve?.Invoke(advertised) ?? advertised;

    private Task<StreamConnection> ConnectAsync(StreamEndpoint endpoint, string purpose, CancellationToken cancellationToken) =>
        StreamConnection.ConnectAsync(
            new StreamConnectionOptions
            {
                Endpoint = endpoint,
                Tls = address.Stream.Tls,
                Mechanism = address.Stream.Mechanism,
                User = address.Stream.User,
                Password = address.Stream.Password,
                VirtualHost = address.VirtualHost,
                ConnectionName = $"{options.ConnectionName} {purpose}",
                ConnectTimeout = options.ConnectTimeout,
                RequestTimeout = options.RequestTimeout,
                Heartbeat = options.Heartbeat,
                MaxDeliverBytes = options.MaxDeliverBytes,
                Codecs = options.Codecs,
                TimeProvider = time,
            },
            cancellationToken);
}
