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
    private StreamConnection? connection;

    public ScriptedBroker() => listener.Start();

    /// <summary>Frames that the client has sent, as far as they were received.</summary>
    public List<byte[]> Received { get; } = [];

    /// <summary>The clock of the client; default: the system's.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>Where the client's buffers are from.</summary>
    public CountingPool Pool { get; } = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public StreamConnectionOptions Options(TimeSpan? limit = null, int maxFrame = 64 * 1024, TimeSpan? heartbeat = null) => new()
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
        Heartbeat = heartbeat ?? TimeSpan.FromSeconds(20),
        TimeProvider = Time,
        Pool = Pool,
    };

    /// <summary>Lets a client in.</summary>
    public async Task<StreamConnection> ConnectAsync(TimeSpan? limit = null, int heartbeat = 0, string version = "3.10.8", int maxFrame = 64 * 1024, TimeSpan? ours = null)
    {
        var connecting = StreamConnection.ConnectAsync(Options(limit, maxFrame, ours), Token);
        await AcceptAsync();
        await NegotiateAsync(heartbeat, version);
        return connection = await connecting;
    }

    public async Task AcceptAsync()
    {
        socket = await listener.AcceptSocketAsync(Token);
        socket.NoDelay = true;
    }

    public async Task NegotiateAsync(int heartbeat, string version)
    {
        await AuthenticateAsync(version);
        await SendAsync(Bytes.Frame(0x0014).U32(131_072).U32(heartbeat));
        await ReceiveAsync(StreamCommand.Tune);
        await ReceiveAsync(StreamCommand.Open);
        await SendAsync(Bytes.Frame(0x8015).U32(4).U16(1).U32(2).Text("advertised_host").Text("node").Text("advertised_port").Text("5552"));
        if (Version.Parse(version) >= new Version(3, 11))
        {
            await ReceiveAsync(StreamCommand.ExchangeCommandVersions);
            await SendAsync(Versions(5));
        }
    }

    /// <summary>Up to where a real broker would send Tune.</summary>
    public async Task AuthenticateAsync(string version)
    {
        await ReceiveAsync(StreamCommand.PeerProperties);
        await SendAsync(Bytes.Frame(0x8011).U32(1).U16(1).U32(1).Text("version").Text(version));
        await ReceiveAsync(StreamCommand.SaslHandshake);
        await SendAsync(Bytes.Frame(0x8012).U32(2).U16(1).U32(2).Text("AMQPLAIN").Text("PLAIN"));
        await ReceiveAsync(StreamCommand.SaslAuthenticate);
        await SendAsync(Bytes.Frame(0x8013).U32(3).U16(1));
    }

    /// <summary>The versions of 4.0.5, shortened: one that is new to us among them.</summary>
    private static Bytes Versions(int correlation) => Bytes.Frame(0x801b).U32(correlation).U16(1).U32(4)
        .U16(0x02).U16(1).U16(2).U16(0x0f).U16(1).U16(1).U16(0x1c).U16(1).U16(1).U16(0x7000).U16(3).U16(4);

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

    /// <summary>The connection has ended, for a reason that has a name, and has left nothing behind: the client's socket is closed, its buffers are back.</summary>
    public async Task<T> EndedAsync<T>()
        where T : Exception
    {
        await connection!.Closed.WaitAsync(TimeSpan.FromSeconds(30), Token);
        await ClosedByClientAsync();
        await connection.DisposeAsync();
        Pool.Outstanding.ShouldBe(0, "buffers that are not back");
        return connection.CloseReason.ShouldBeOfType<T>();
    }

    /// <summary>The same after <see cref="HangUp"/>.</summary>
    public async Task EndedWithoutASocketAsync()
    {
        await connection!.Closed.WaitAsync(TimeSpan.FromSeconds(30), Token);
        await connection.DisposeAsync();
        Pool.Outstanding.ShouldBe(0, "buffers that are not back");
    }

    /// <summary>Waits until the client has closed its socket.</summary>
    public async Task ClosedByClientAsync()
    {
        try
        {
            var rest = new byte[4096];
            while (await socket!.ReceiveAsync(rest, Token) > 0)
            {
                continue;
            }
        }
        catch (SocketException)
        {
            // Closed with data of ours unread: a reset, which is an end as well.
            return;
        }
    }

    /// <summary>Hangs up first: a client whose clock stands still would wait for the answer to its goodbye.</summary>
    public async ValueTask DisposeAsync()
    {
        socket?.Dispose();
        listener.Dispose();
        await (connection?.DisposeAsync() ?? ValueTask.CompletedTask);
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
