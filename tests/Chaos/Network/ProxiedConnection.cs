using System.Buffers;
using System.Net.Sockets;

namespace FlowPlatform.Chaos.Network;

/// <summary>Two sockets, each of which gets what the other receives, in order, later or not at all as the link is. One piece at a time: whoever sends more waits, as behind a full window.</summary>
internal sealed class ProxiedConnection(Socket inner, Socket outer, LinkState link, TimeProvider time) : IDisposable
{
    private const int PieceBytes = 64 * 1024;

    /// <summary>Returns when it has ended, in whatever way.</summary>
    public async Task RunAsync()
    {
        inner.NoDelay = true;
        outer.NoDelay = true;
        var up = CopyAsync(inner, outer);
        var down = CopyAsync(outer, inner);
        await Task.WhenAny(up, down);
        Dispose();
        await Task.WhenAll(up, down);
    }

    /// <summary>Both sides see a reset, and what is under way is lost.</summary>
    public void Cut()
    {
        inner.Close(0);
        outer.Close(0);
    }

    /// <summary>Both sides get what was handed over, and then the end.</summary>
    public void Dispose()
    {
        inner.Dispose();
        outer.Dispose();
    }

    private async Task CopyAsync(Socket from, Socket to)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(PieceBytes);
        try
        {
            for (int read; (read = await from.ReceiveAsync(buffer)) > 0;)
            {
                if (link.Delay is { Ticks: > 0 } delay)
                {
                    await Task.Delay(delay, time);
                }

                await link.Audible;
                for (var sent = 0; sent < read;)
                {
                    sent += await to.SendAsync(buffer.AsMemory(sent, read - sent));
                }
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            return; // cut, or the other side has ended: so does this one
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }
}
