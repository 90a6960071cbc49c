using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace FlowPlatform.RabbitMQ.Tests.Commands;

/// <summary>A port that leads nowhere until it is opened, and whose connections can be cut.</summary>
internal sealed class PortForward : IAsyncDisposable
{
    private readonly IPEndPoint target;
    private readonly ConcurrentBag<TcpClient> clients = [];
    private TcpListener listener;
    private Task accepting = Task.CompletedTask;

    public PortForward(int targetPort)
    {
        target = new IPEndPoint(IPAddress.Loopback, targetPort);
        listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        Port = ((IPEndPoint)listener.LocalEndpoint).Port;
        listener.Stop();
    }

    public int Port { get; }

    public void Open()
    {
        listener = new TcpListener(IPAddress.Loopback, Port);
        listener.Start();
        accepting = AcceptAsync(listener);
    }

    /// <summary>Lets no new connection in.</summary>
    public async Task CloseAsync()
    {
        listener.Stop();
        await accepting;
    }

    public void Cut()
    {
        while (clients.TryTake(out var client))
        {
            client.Dispose();
        }
    }

    public async ValueTask DisposeAsync()
    {
        listener.Stop();
        await accepting;
        Cut();
    }

    private async Task AcceptAsync(TcpListener open)
    {
        try
        {
            while (true)
            {
                _ = ForwardAsync(await open.AcceptTcpClientAsync());
            }
        }
        catch (Exception ended) when (ended is SocketException or ObjectDisposedException)
        {
            return;
        }
    }

    private async Task ForwardAsync(TcpClient near)
    {
        var far = new TcpClient();
        clients.Add(near);
        clients.Add(far);
        try
        {
            await far.ConnectAsync(target);
            await Task.WhenAny(near.GetStream().CopyToAsync(far.GetStream()), far.GetStream().CopyToAsync(near.GetStream()));
        }
        catch (Exception cut) when (cut is IOException or SocketException or ObjectDisposedException or InvalidOperationException)
        {
            near.Dispose();
        }

        near.Dispose();
        far.Dispose();
    }
}
