using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using FlowPlatform.RabbitMQ.StreamProtocol;

namespace FlowPlatform.RabbitMQ.Tests.StreamProtocol;

/// <summary>The broker's side of one connection, byte by byte as a test wants it.</summary>
internal sealed class ScriptedBroker : IAsyncDisposable
{
    private readonly TcpListener listener = new(IPAddress.Loopback, 0);
    private Socket? socket;

    public ScriptedBroker() => listener.Start();

    /// <summary>Frames that the client has sent, as far as they were received.</summary>
    public List<byte[]> Received { get; } = [];

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public StreamConnectionOptions Options(TimeSpan? limit = null, int maxFrame = 64 * 1024) => new()
    {
        Endpoint = new StreamEndpoint("127.0.0.1", ((IPEndPoint)listener.LocalEndpoint).Port),
        User = "user",
        Password = "pass word",
        VirtualHost = "/v",
        ConnectionName = "name",
        ConnectTimeout = limit ?? TimeSpan.FromSeconds(30),
        RequestTimeout = limit ?? TimeSpan.FromSeconds(30),
        MaxFrameBytes = maxFrame,
        MaxDeliverBytes = 1024 * 1024,
    };

    /// <summary>Lets a client in.</summary>
    public async Task<StreamConnection> ConnectAsync(TimeSpan? limit = null, int heartbeat = 0, string version = "3.10.8", int maxFrame = 64 * 1024)
    {
        var connecting = StreamConnection.ConnectAsync(Options(limit, maxFrame), Token);
        await AcceptAsync();
        await NegotiateAsync(heartbeat, version);
        return await connecting;
    }

    public async Task AcceptAsync()
    {
        socket = await listener.AcceptSocketAsync(Token);
        socket.NoDelay = true;
    }

    public async Task NegotiateAsync(int heartbeat, string version)
    {
        await ReceiveAsync(StreamCommand.PeerProperties);
        await SendAsync(Bytes.Frame(0x8011).U32(1).U16(1).U32(1).Text("version").Text(version));
        await ReceiveAsync(StreamCommand.SaslHandshake);
        await SendAsync(Bytes.Frame(0x8012).U32(2).U16(1).U32(2).Text("AMQPLAIN").Text("PLAIN"));
        await ReceiveAsync(StreamCommand.SaslAuthenticate);
        await SendAsync(Bytes.Frame(0x8013).U32(3).U16(1));
        await SendAsync(Bytes.Frame(0x0014).U32(131_072).U32(heartbeat));
        await ReceiveAsync(StreamCommand.Tune);
        await ReceiveAsync(StreamCommand.Open);
        await SendAsync(Bytes.Frame(0x8015).U32(4).U16(1).U32(2).Text("advertised_host").Text("node").Text("advertised_port").Text("5552"));
        if (Version.Parse(version) >= new Version(3, 11))
        {
            await ReceiveAsync(StreamCommand.ExchangeCommandVersions);
            await SendAsync(Bytes.Frame(0x801b).U32(5).U16(1).U32(0));
        }
    }

    /// <summary>The next frame, without its size, which must be of this command.</summary>
    public async Task<byte[]> ReceiveAsync(StreamCommand command)
    {
        var size = await ReceiveExactlyAsync(sizeof(uint));
        var frame = await ReceiveExactlyAsync((int)BinaryPrimitives.ReadUInt32BigEndian(size));
        ((StreamCommand)(BinaryPrimitives.ReadUInt16BigEndian(frame) & 0x7fff)).ShouldBe(command);
        Received.Add(frame);
        return frame;
    }

    public Task SendAsync(Bytes frame) => SendRawAsync(frame.ToFrame());

    public async Task SendRawAsync(ReadOnlyMemory<byte> bytes) => await socket!.SendAsync(bytes, Token);

    /// <summary>Answers a declaration of a publisher or a subscription with OK.</summary>
    public async Task AcceptAsync(StreamCommand command)
    {
        var frame = await ReceiveAsync(command);
        await SendAsync(Bytes.Frame(0x8000 | (int)command).Raw(frame.AsSpan(4, 4)).U16(1));
    }

    public void HangUp() => socket!.Dispose();

    public ValueTask DisposeAsync()
    {
        socket?.Dispose();
        listener.Dispose();
        return ValueTask.CompletedTask;
    }

    private async Task<byte[]> ReceiveExactlyAsync(int count)
    {
        var bytes = new byte[count];
        for (var read = 0; read < count;)
        {
            var now = await socket!.ReceiveAsync(bytes.AsMemory(read), Token);
            now.ShouldBeGreaterThan(0, "the client has hung up");
            read += now;
        }

        return bytes;
    }
}
