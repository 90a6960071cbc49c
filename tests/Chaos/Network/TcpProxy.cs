using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace FlowPlatform.Chaos.Network;

/// <summary>A port on loopback in front of another one: a link that can be cut, closed, slowed down and silenced. Safe for concurrent use.</summary>
internal sealed class TcpProxy : IAsyncDisposable
{
    private readonly TcpListener listener = new(IPAddress.Loopback, 0);
    private readonly Func<int?> target;
    private readonly TimeProvider time;
    private readonly ConcurrentDictionary<ProxiedConnection, bool> connections = new();
    private readonly CancellationTokenSource ending = new();
    private readonly Task accepting;
    private int closed;

    /// <param name="target">The port that is behind it; null while nobody knows.</param>
    /// <param name="time">Waits for what is delayed.</param>
    public TcpProxy(Func<int?> target, TimeProvider time)
    {
        this.target = target;
        this.time = time;
        listener.Start();
        accepting = AcceptAsync();
    }

    public int Port => ((IPEndPoint)listener.LocalEndpoint).Port;

    public LinkState State { get; } = new();

    /// <summary>Connections that are open now.</summary>
    public int Open => connections.Count;

    /// <summary>Ends every connection.</summary>
    public void Cut()
    {
        foreach (var connection in connections.Keys)
        {
            connection.Cut();
        }
    }

    /// <summary>Lets no new connection through, until <see cref="Reopen"/>. May be called several times; each needs its own opening.</summary>
    public void Close() => Interlocked.Increment(ref closed);

    public void Reopen() => Interlocked.Decrement(ref closed);

    public async ValueTask DisposeAsync()
    {
        await ending.CancelAsync();
        listener.Dispose();
        await accepting;
        Cut();
        ending.Dispose();
    }

    private async Task AcceptAsync()
    {
        while (!ending.IsCancellationRequested)
        {
            try
            {
                var inner = await listener.AcceptSocketAsync(ending.Token);
                if (Volatile.Read(ref closed) > 0 || target() is not { } port)
                {
                    // With a reset: a polite end would look as if the server had meant it.
                    inner.Close(0);
                    continue;
                }

                _ = ServeAsync(inner, port);
            }
            catch (Exception e) when (e is OperationCanceledException or ObjectDisposedException)
            {
                return;
            }
            catch (SocketException)
            {
                continue; // gone before it was accepted
            }
        }
    }

    private async Task ServeAsync(Socket inner, int port)
    {
        var outer = new Socket(SocketType.Stream, ProtocolType.Tcp);
        using var connection = new ProxiedConnection(inner, outer, State, time);
        connections[connection] = true;
        try
        {
            await outer.ConnectAsync(new IPEndPoint(IPAddress.Loopback, port), ending.Token);
            await connection.RunAsync();
        }
        catch (Exception e) when (e is SocketException or OperationCanceledException or ObjectDisposedException)
        {
            return;
        }
        finally
        {
            connections.TryRemove(connection, out _);
        }
    }
}
