using System.Buffers.Binary;
using System.Net.Sockets;
using System.Text;
using FlowPlatform.RabbitMQ.StreamProtocol;
using FlowPlatform.RabbitMQ.Tests.StreamProtocol;

namespace FlowPlatform.RabbitMQ.Tests.Hostile;

/// <summary>One client of the fake node.</summary>
internal sealed class FakeConnection : IAsyncDisposable
{
    private readonly FakeNode node;
    private readonly Socket socket;
    private readonly int index;
    private readonly Task running;
    private readonly SemaphoreSlim sending = new(1, 1);
    private readonly Dictionary<int, Subscription> subscriptions = [];

    public FakeConnection(FakeNode node, Socket socket, int index)
    {
        this.node = node;
        this.socket = socket;
        this.index = index;
        running = Task.Run(RunAsync);
    }

    /// <summary>Completes when the client, or the test, has closed the connection.</summary>
    public Task Ended => running;

    /// <summary>What the client calls it.</summary>
    public string Name { get; private set; } = "";

    public StreamEndpoint Advertised => node.Advertised?.Invoke(index) ?? node.Endpoint;

    public Task SendAsync(Bytes frame) => SendRawAsync(frame.ToFrame());

    public async Task SendRawAsync(byte[] bytes)
    {
        await sending.WaitAsync();
        try
        {
            await socket.SendAsync(bytes);
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // The client has gone; so has whoever was told.
            return;
        }
        finally
        {
            sending.Release();
        }
    }

    public void HangUp() => socket.Dispose();

    /// <summary>Sends what the subscriptions' credit allows.</summary>
    public async Task DeliverAsync()
    {
        while (true)
        {
            Bytes? frame = null;
            lock (socket)
            {
                if (subscriptions.FirstOrDefault(pair => pair.Value.Credit > 0 && pair.Value.Next < node.Chunks.Count) is { Value: not null } ready)
                {
                    ready.Value.Credit--;
                    frame = Bytes.Frame(8).U8(ready.Key).Raw(node.Chunks[ready.Value.Next++].Bytes);
                }
            }

            if (frame is null)
            {
                return;
            }

            await SendAsync(frame);
        }
    }

    public async ValueTask DisposeAsync()
    {
        socket.Dispose();
        await running;
    }

    private async Task RunAsync()
    {
        try
        {
            while (true)
            {
                var frame = await ReceiveAsync((int)BinaryPrimitives.ReadUInt32BigEndian(await ReceiveAsync(sizeof(uint))));
                var command = (StreamCommand)(BinaryPrimitives.ReadUInt16BigEndian(frame) & 0x7fff);
                if (!await node.Script(this, command, frame))
                {
                    await AnswerAsync(command, frame);
                }
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException or EndOfStreamException)
        {
            socket.Dispose();
        }
    }

    private async Task<byte[]> ReceiveAsync(int count)
    {
        var bytes = new byte[count];
        for (var read = 0; read < count;)
        {
            var now = await socket.ReceiveAsync(bytes.AsMemory(read));
            read += now > 0 ? now : throw new EndOfStreamException();
        }

        return bytes;
    }

    private Task AnswerAsync(StreamCommand command, byte[] frame)
    {
        var ok = Bytes.Frame(0x8000 | (int)command).Raw(frame.AsSpan(4, Math.Min(4, frame.Length - 4))).U16(1);
        switch (command)
        {
            case StreamCommand.PeerProperties:
                Name = Map(frame.AsSpan(8))["connection_name"];
                return SendAsync(ok.U32(1).Text("version").Text("3.10.8"));
            case StreamCommand.SaslHandshake:
                return SendAsync(ok.U32(1).Text("PLAIN"));
            case StreamCommand.SaslAuthenticate:
                return SendRawAsync([.. ok.ToFrame(), .. Bytes.Frame(0x14).U32(131_072).U32(60).ToFrame()]);
            case StreamCommand.Open:
                return SendAsync(ok.U32(2).Text("advertised_host").Text(Advertised.Host).Text("advertised_port").Text($"{Advertised.Port}"));
            case StreamCommand.Metadata:
                return SendAsync(Metadata(frame));
            case StreamCommand.Subscribe:
                return SubscribeAsync(frame, ok);
            case StreamCommand.Unsubscribe:
                lock (socket)
                {
                    subscriptions.Remove(frame[8]);
                }

                return SendAsync(ok);
            case StreamCommand.Credit:
                lock (socket)
                {
                    subscriptions[frame[4]].Credit += BinaryPrimitives.ReadUInt16BigEndian(frame.AsSpan(5));
                }

                return DeliverAsync();
            case StreamCommand.QueryPublisherSequence:
                return SendAsync(ok.U64(0));
            case StreamCommand.Publish:
                return SendAsync(Bytes.Frame(3).U8(frame[4]).U32(PublishedIds(frame).Count).Raw([.. PublishedIds(frame).SelectMany(id => new Bytes().U64(id).ToArray())]));
            case StreamCommand.DeclarePublisher or StreamCommand.DeletePublisher or StreamCommand.Close:
                return SendAsync(ok);
            default:
                return Task.CompletedTask;
        }
    }

    private Bytes Metadata(byte[] frame)
    {
        var names = Strings(frame.AsSpan(8));
        var leader = node.Leader ?? node.Endpoint;
        var answer = Bytes.Frame(0x800f).Raw(frame.AsSpan(4, 4)).U32(1).U16(0).Text(leader.Host).U32(leader.Port).U32(names.Count);
        foreach (var name in names)
        {
            answer.Text(name).U16(name == node.Partition.Name ? 1 : 2).U16(name == node.Partition.Name ? 0 : 0xffff).U32(0);
        }

        return answer;
    }

    private async Task SubscribeAsync(byte[] frame, Bytes ok)
    {
        await SendAsync(ok);
        var at = 11 + BinaryPrimitives.ReadUInt16BigEndian(frame.AsSpan(9));
        var type = BinaryPrimitives.ReadUInt16BigEndian(frame.AsSpan(at));
        var wanted = type >= 4 ? BinaryPrimitives.ReadInt64BigEndian(frame.AsSpan(at + 2)) : 0;
        lock (socket)
        {
            var chunks = node.Chunks.ToList();
            var next = type switch
            {
                1 => 0,
                2 => Math.Max(chunks.Count - 1, 0),
                4 when chunks.FindIndex(chunk => chunk.Offset + chunk.Records > wanted) is >= 0 and var found => found,
                _ => chunks.Count,
            };
            subscriptions[frame[8]] = new Subscription { Credit = BinaryPrimitives.ReadUInt16BigEndian(frame.AsSpan(frame.Length - 2)), Next = next };
        }

        await DeliverAsync();
    }

    /// <summary>The publishing ids of a Publish frame.</summary>
    public static List<long> PublishedIds(byte[] frame)
    {
        var ids = new List<long>();
        for (var at = 9; at < frame.Length; at += 12 + BinaryPrimitives.ReadInt32BigEndian(frame.AsSpan(at + 8)))
        {
            ids.Add(BinaryPrimitives.ReadInt64BigEndian(frame.AsSpan(at)));
        }

        return ids;
    }

    private static List<string> Strings(ReadOnlySpan<byte> bytes)
    {
        var strings = new List<string>();
        for (bytes = bytes[4..]; !bytes.IsEmpty;)
        {
            var length = BinaryPrimitives.ReadUInt16BigEndian(bytes);
            strings.Add(Encoding.UTF8.GetString(bytes.Slice(2, length)));
            bytes = bytes[(2 + length)..];
        }

        return strings;
    }

    private static Dictionary<string, string> Map(ReadOnlySpan<byte> bytes) =>
        Strings(bytes).Chunk(2).ToDictionary(pair => pair[0], pair => pair[1]);

    private sealed class Subscription
    {
        public int Credit { get; set; }

        public int Next { get; set; }
    }
}
