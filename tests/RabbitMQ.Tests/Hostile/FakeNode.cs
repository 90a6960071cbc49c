using System.Net;
using System.Net.Sockets;
using FlowPlatform.Log;
using FlowPlatform.RabbitMQ.Amqp;
using FlowPlatform.RabbitMQ.StreamProtocol;
using FlowPlatform.RabbitMQ.Tests.StreamProtocol;

namespace FlowPlatform.RabbitMQ.Tests.Hostile;

/// <summary>A chunk of the fake's stream; its bytes are what is delivered.</summary>
internal sealed record FakeChunk(long Offset, int Records, byte[] Bytes);

/// <summary>
/// A node with one stream in memory, which answers any number of connections as a real one does, until a test tells it to do something else:
/// <see cref="Script"/> sees every frame first.
/// </summary>
internal sealed class FakeNode : IAsyncDisposable
{
    private readonly TcpListener listener = new(IPAddress.Loopback, 0);
    private readonly Lock gate = new();
    private readonly List<FakeConnection> connections = [];
    private readonly List<FakeChunk> chunks = [];
    private readonly Task accepting;

    public FakeNode(PartitionId partition)
    {
        Partition = partition;
        listener.Start();
        accepting = AcceptAsync();
    }

    public PartitionId Partition { get; }

    public StreamEndpoint Endpoint => new("127.0.0.1", ((IPEndPoint)listener.LocalEndpoint).Port);

    /// <summary>What it calls the leader; default: its own address.</summary>
    public StreamEndpoint? Leader { get; init; }

    /// <summary>What it calls itself on its n-th connection; default: its own address.</summary>
    public Func<int, StreamEndpoint>? Advertised { get; init; }

    /// <summary>Asked about every frame; true: the test has dealt with it, and nothing else is to be done.</summary>
    public Func<FakeConnection, StreamCommand, byte[], Task<bool>> Script { get; set; } = (_, _, _) => Task.FromResult(false);

    public IReadOnlyList<FakeChunk> Chunks
    {
        get
        {
            lock (gate)
            {
                return [.. chunks];
            }
        }
    }

    /// <summary>Connections, in their order, those that have ended too.</summary>
    public IReadOnlyList<FakeConnection> Connections
    {
        get
        {
            lock (gate)
            {
                return [.. connections];
            }
        }
    }

    public RabbitMqEventLogOptions Options() => new()
    {
        AmqpUri = new Uri("amqp://u:p@127.0.0.1:1"),
        StreamUri = new Uri($"rabbitmq-stream://u:p@{Endpoint}"),
    };

    /// <summary>Stores a sound chunk.</summary>
    public Task AppendAsync(params EventEnvelope[] events) =>
        AppendAsync(events.Length, events.Select(e => Bytes.Entry(Encode(e))).ToArray());

    /// <summary>Stores a chunk whose header claims so many records.</summary>
    public Task AppendAsync(int records, params byte[][] entries)
    {
        var offset = NextOffset;
        return StoreAsync(new FakeChunk(offset, records, Bytes.Chunk(offset, records, entries)));
    }

    public long NextOffset => Chunks is [.., var last] ? last.Offset + last.Records : 0;

    public Task StoreAsync(FakeChunk chunk)
    {
        lock (gate)
        {
            chunks.Add(chunk);
        }

        return Task.WhenAll(Connections.Select(connection => connection.DeliverAsync()));
    }

    /// <summary>Puts another chunk in the place of a damaged one.</summary>
    public void Repair(int index, params EventEnvelope[] events)
    {
        lock (gate)
        {
            chunks[index] = chunks[index] with { Bytes = Bytes.Chunk(chunks[index].Offset, events.Length, [.. events.Select(e => Bytes.Entry(Encode(e)))]) };
        }
    }

    public static byte[] Encode(EventEnvelope e)
    {
        var producer = e.Producer ?? "tests/1";
        var size = EventEncoder.Measure(e, producer);
        var bytes = new byte[size.Total];
        EventEncoder.Write(e, producer, size, bytes);
        return bytes;
    }

    public async ValueTask DisposeAsync()
    {
        listener.Dispose();
        await accepting;
        foreach (var connection in Connections)
        {
            await connection.DisposeAsync();
        }
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                var socket = await listener.AcceptSocketAsync();
                socket.NoDelay = true;
                lock (gate)
                {
                    connections.Add(new FakeConnection(this, socket, connections.Count));
                }
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            return;
        }
    }
}
