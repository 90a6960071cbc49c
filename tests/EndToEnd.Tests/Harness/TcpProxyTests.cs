using System.Net;
using System.Net.Sockets;
using FlowPlatform.Chaos.Network;

namespace FlowPlatform.EndToEnd.Tests.Harness;

public sealed class TcpProxyTests : IAsyncDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);
    private readonly TcpListener server = new(IPAddress.Loopback, 0);
    private readonly TcpProxy proxy;

    public TcpProxyTests()
    {
        server.Start();
        proxy = new TcpProxy(() => ((IPEndPoint)server.LocalEndpoint).Port, TimeProvider.System);
    }

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask DisposeAsync()
    {
        await proxy.DisposeAsync();
        server.Dispose();
    }

    [Fact]
    public async Task Everything_comes_through_in_both_directions_and_in_order()
    {
        using var pair = await ConnectAsync();
        var sent = Enumerable.Range(0, 3_000_000).Select(number => (byte)(number * 31)).ToArray();
        foreach (var (from, to) in new[] { (pair.Client, pair.Server), (pair.Server, pair.Client) })
        {
            var sending = from.SendAsync(sent, Token).AsTask();
            (await ReadAsync(to, sent.Length)).ShouldBe(sent);
            await sending;
        }
    }

    [Fact]
    public async Task The_last_words_of_one_side_reach_the_other()
    {
        using var pair = await ConnectAsync();
        await pair.Server.SendAsync("bye"u8.ToArray(), Token);
        pair.Server.Dispose();
        (await ReadAsync(pair.Client, 3)).ShouldBe("bye"u8.ToArray());
        (await ReceiveAsync(pair.Client)).ShouldBe(0);
    }

    [Fact]
    public async Task A_cut_ends_both_sides_at_once()
    {
        using var pair = await ConnectAsync();
        proxy.Cut();
        (await ReceiveAsync(pair.Client)).ShouldBe(0);
        (await ReceiveAsync(pair.Server)).ShouldBe(0);
    }

    [Fact]
    public async Task A_closed_link_lets_nobody_in_until_everybody_who_closed_it_has_opened_it()
    {
        proxy.Close();
        proxy.Close();
        proxy.Reopen();
        using (var refused = new Socket(SocketType.Stream, ProtocolType.Tcp))
        {
            (await ReceiveAsync(refused, proxy.Port)).ShouldBe(0);
        }

        proxy.Reopen();
        using var pair = await ConnectAsync();
        await pair.Client.SendAsync("x"u8.ToArray(), Token);
        (await ReadAsync(pair.Server, 1)).ShouldBe("x"u8.ToArray());
    }

    [Fact]
    public async Task A_silent_link_keeps_everything_back_and_loses_nothing()
    {
        using var pair = await ConnectAsync();
        proxy.State.Silence();
        await pair.Client.SendAsync("later"u8.ToArray(), Token);
        var received = ReadAsync(pair.Server, 5);
        await using var other = new TcpProxy(() => ((IPEndPoint)server.LocalEndpoint).Port, TimeProvider.System);
        using (var loud = await ConnectAsync(other))
        {
            await loud.Client.SendAsync("now"u8.ToArray(), Token);
            (await ReadAsync(loud.Server, 3)).ShouldBe("now"u8.ToArray());
        }

        received.IsCompleted.ShouldBeFalse();
        proxy.State.EndSilence();
        (await received).ShouldBe("later"u8.ToArray());
    }

    [Fact]
    public async Task A_slow_link_keeps_the_order()
    {
        using var pair = await ConnectAsync();
        proxy.State.Slow(TimeSpan.FromMilliseconds(30));
        for (byte number = 0; number < 10; number++)
        {
            await pair.Client.SendAsync(new[] { number }, Token);
        }

        (await ReadAsync(pair.Server, 5)).ShouldBe([0, 1, 2, 3, 4]);
        proxy.State.Quicken(TimeSpan.FromMilliseconds(30));
        proxy.State.Delay.ShouldBe(TimeSpan.Zero);
        (await ReadAsync(pair.Server, 5)).ShouldBe([5, 6, 7, 8, 9]);
    }

    private Task<Pair> ConnectAsync() => ConnectAsync(proxy);

    private async Task<Pair> ConnectAsync(TcpProxy through)
    {
        var client = new Socket(SocketType.Stream, ProtocolType.Tcp);
        await client.ConnectAsync(IPAddress.Loopback, through.Port, Token);
        return new Pair(client, await server.AcceptSocketAsync(Token).AsTask().WaitAsync(Limit, TimeProvider.System, Token));
    }

    private static async Task<byte[]> ReadAsync(Socket socket, int count)
    {
        var read = new byte[count];
        for (var length = 0; length < count;)
        {
            var more = await socket.ReceiveAsync(read.AsMemory(length), Token).AsTask().WaitAsync(Limit, TimeProvider.System, Token);
            more.ShouldBePositive();
            length += more;
        }

        return read;
    }

    /// <summary>0 for an end, polite or not.</summary>
    private static async Task<int> ReceiveAsync(Socket socket, int? port = null)
    {
        try
        {
            if (port is { } unconnected)
            {
                await socket.ConnectAsync(IPAddress.Loopback, unconnected, Token); // the reset may come this early
            }

            return await socket.ReceiveAsync(new byte[1], Token).AsTask().WaitAsync(Limit, TimeProvider.System, Token);
        }
        catch (SocketException)
        {
            return 0;
        }
    }

    private sealed record Pair(Socket Client, Socket Server) : IDisposable
    {
        public void Dispose()
        {
            Client.Dispose();
            Server.Dispose();
        }
    }
}
