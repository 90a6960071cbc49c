using System.Net;
using System.Net.Sockets;
using Npgsql;

namespace FlowPlatform.Tests.Storage.Postgres;

/// <summary>A proxy before a Postgres server that can keep its answers back, and cut connections.</summary>
internal sealed class CuttingProxy : IAsyncDisposable
{
    private readonly TcpListener listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource stopping = new();
    private readonly List<Task> running = [];
    private readonly string host;
    private readonly int port;
    private volatile TaskCompletionSource? silence;
    private volatile bool refusing;

    public CuttingProxy(string connectionString)
    {
        var target = new NpgsqlConnectionStringBuilder(connectionString);
        (host, port) = (target.Host!, target.Port);
        listener.Start();
        target.Host = "127.0.0.1";
        target.Port = ((IPEndPoint)listener.LocalEndpoint).Port;
        ConnectionString = target.ConnectionString;
        running.Add(AcceptAsync());
    }

    public string ConnectionString { get; }

    /// <summary>True: new connections are closed at once.</summary>
    public bool Refusing
    {
        get => refusing;
        set => refusing = value;
    }

    /// <summary>From here on the server's answers don't arrive.</summary>
    public void KeepAnswersBack() => silence = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Cuts the connections whose answers were kept back; new ones are whole.</summary>
    public void Cut()
    {
        var kept = silence;
        silence = null;
        kept?.SetResult();
    }

    public async ValueTask DisposeAsync()
    {
        await stopping.CancelAsync();
        listener.Dispose();
        Cut();
        Task[] ending;
        lock (running)
        {
            ending = [.. running];
        }

        await Task.WhenAll(ending);
        stopping.Dispose();
    }

    private async Task AcceptAsync()
    {
        while (!stopping.IsCancellationRequested)
        {
            TcpClient client;
            try
            {
                client = await listener.AcceptTcpClientAsync(stopping.Token);
            }
            catch (Exception ended) when (ended is OperationCanceledException or SocketException or ObjectDisposedException)
            {
                return;
            }

            if (refusing)
            {
                client.Dispose();
                continue;
            }

            lock (running)
            {
                running.Add(CarryAsync(client));
            }
        }
    }

    private async Task CarryAsync(TcpClient client)
    {
        using var server = new TcpClient();
        using (client)
        {
            try
            {
                await server.ConnectAsync(host, port, stopping.Token);
                await Task.WhenAny(CopyAsync(client, server, answers: false), CopyAsync(server, client, answers: true));
            }
            catch (Exception ended) when (ended is OperationCanceledException or SocketException)
            {
                // The test is over, or the server is.
            }
        }
    }

    private async Task CopyAsync(TcpClient from, TcpClient to, bool answers)
    {
        var buffer = new byte[16_384];
        try
        {
            while (await from.GetStream().ReadAsync(buffer, stopping.Token) is var count and > 0)
            {
                if (answers && silence is { } kept)
                {
                    await kept.Task;
                    return;
                }

                await to.GetStream().WriteAsync(buffer.AsMemory(0, count), stopping.Token);
            }
        }
        catch (Exception ended) when (ended is OperationCanceledException or IOException or ObjectDisposedException or InvalidOperationException)
        {
            // One side is gone; the other follows.
        }
    }
}
