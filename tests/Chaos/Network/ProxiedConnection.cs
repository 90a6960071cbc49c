using System.Buffers;
using System.Net.Sockets;
using System.Threading.Channels;

namespace FlowPlatform.Chaos.Network;

/// <summary>Two sockets, each of which gets what the other receives, in order, later or not at all as the link is. At most 1 MiB is under way in each direction.</summary>
internal sealed class ProxiedConnection(Socket inner, Socket outer, LinkState link, TimeProvider time) : IDisposable
{
    private const int PieceBytes = 16 * 1024;
    private const int PiecesMax = 64;

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
        var pieces = Channel.CreateBounded<Piece>(new BoundedChannelOptions(PiecesMax) { SingleReader = true, SingleWriter = true });
        var sending = SendAsync(pieces.Reader, to);
        try
        {
            while (true)
            {
                var buffer = ArrayPool<byte>.Shared.Rent(PieceBytes);
                var read = await from.ReceiveAsync(buffer);
                if (read == 0)
                {
                    break;
                }

                await pieces.Writer.WriteAsync(new Piece(buffer, read, time.GetTimestamp()));
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException or ChannelClosedException)
        {
            // Cut, or the other side has ended: so does this one.
        }

        pieces.Writer.TryComplete();
        await sending;
    }

    private async Task SendAsync(ChannelReader<Piece> pieces, Socket to)
    {
        try
        {
            await foreach (var piece in pieces.ReadAllAsync())
            {
                var early = link.Delay - time.GetElapsedTime(piece.Received);
                if (early > TimeSpan.Zero)
                {
                    await Task.Delay(early, time);
                }

                await link.Audible;
                for (var sent = 0; sent < piece.Length;)
                {
                    sent += await to.SendAsync(piece.Buffer.AsMemory(sent, piece.Length - sent));
                }

                ArrayPool<byte>.Shared.Return(piece.Buffer);
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            Dispose();
            await foreach (var _ in pieces.ReadAllAsync())
            {
                continue; // nobody takes it any more; whoever receives must not wait for room
            }
        }
    }

    private readonly record struct Piece(byte[] Buffer, int Length, long Received);
}
