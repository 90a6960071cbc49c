using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using FlowPlatform.RabbitMQ.StreamProtocol;

namespace FlowPlatform.RabbitMQ.Tests;

/// <summary>A port in front of the broker whose connections a test can cut.</summary>
internal sealed class TcpProxy : IAsyncDisposable
{
    private readonly TcpListener listener = new(IPAddress.Loopback, 0);
    private readonly ConcurrentBag<Socket> sockets = [];
    private readonly StreamEndpoint target;
    private readonly Task accepting;
    private int accepted;

    public TcpProxy(StreamEndpoint target)
    {
        this.target = target;
        listener.Start();
        accepting = AcceptAsync();
    }

    public StreamEndpoint Endpoint => new("127.0.0.1", ((IPEndPoint)listener.LocalEndpoint).Port);

    /// <summary>How many connections came through.</summary>
    public int Accepted => Volatile.Read(ref accepted);

    /// <summary>Cuts all connections that are open now.</summary>
    public void Cut()
    {
        while (sockets.TryTake(out var socket))
        {
            socket.Dispose();
        }
    }

    public async ValueTask DisposeAsync()
    {
        listener.Dispose();
        await accepting;
        Cut();
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                var inner = await listener.AcceptSocketAsync();
                var outer = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
                inner.NoDelay = true;
                sockets.Add(inner);
                sockets.Add(outer);
                Interlocked.Increment(ref accepted);
                await outer.ConnectAsync(target.Host, target.Port);
                _ = CopyAsync(inner, outer);
                _ = CopyAsync(outer, inner);
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            return;
        }
    }

    private static async Task CopyAsync(Socket from, Socket to)
    {
        var buffer = new byte[64 * 1024];
        try
        {
            for (int read; (read = await from.ReceiveAsync(buffer)) > 0;)
            {
                await to.SendAsync(buffer.AsMemory(0, read));
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // Cut, or one side has ended: the other ends, too.
        }

        from.Dispose();
        to.Dispose();
    }
}
