using System.Net.Sockets;
using RabbitMQ.Client;

namespace FlowPlatform.RabbitMQ.Commands;

/// <summary>
/// A socket that says when its connection is lost, and from then on takes everything that is written. RabbitMQ's client, as of 7.2.2, ends its writing loop at the first write that fails; after 128 more
/// frames whoever writes waits for ever, and as he may hold what the closing of his channel needs, the other channels of the connection never hear that it has ended (its issue 1930).
/// Safe for one reader and one writer.
/// </summary>
internal sealed class WatchedSocket(AddressFamily family, Action lost)
    : TcpClientAdapter(new Socket(family, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true })
{
    /// <inheritdoc />
    public override NetworkStream GetStream() => new WatchedStream(Client, lost);

    private sealed class WatchedStream(Socket socket, Action lost) : NetworkStream(socket)
    {
        /// <summary>A peer that takes nothing for so long is lost, too.</summary>
        private static readonly TimeSpan Limit = TimeSpan.FromSeconds(20);
        private CancellationTokenSource limit = new();
        private volatile bool isLost;

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            var read = 0;
            try
            {
                return read = await base.ReadAsync(buffer, cancellationToken);
            }
            finally
            {
                // Reading into nothing is how the client waits without a buffer.
                if (read == 0 && buffer.Length > 0)
                {
                    Lose();
                }
            }
        }

        public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
        {
            if (isLost)
            {
                return;
            }

            try
            {
                // The client never cancels a write.
                await base.WriteAsync(buffer, Watch());
            }
            catch (Exception ended) when (ended is IOException or SocketException or ObjectDisposedException or OperationCanceledException)
            {
                Lose();
            }
        }

        protected override void Dispose(bool disposing)
        {
            isLost = true;
            base.Dispose(disposing);
        }

        /// <summary>One timer for many writes, for they come one after the other.</summary>
        private CancellationToken Watch()
        {
            if (!limit.TryReset())
            {
                limit = new CancellationTokenSource();
            }

            limit.CancelAfter(Limit);
            return limit.Token;
        }

        private void Lose()
        {
            isLost = true;
            try
            {
                // The reader comes to its end, if it has not.
                Socket.Shutdown(SocketShutdown.Both);
            }
            catch (Exception ended) when (ended is SocketException or ObjectDisposedException)
            {
                // So it has.
            }
            finally
            {
                lost();
            }
        }
    }
}
