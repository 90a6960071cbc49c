using System.Net;
using System.Net.Sockets;

namespace FlowPlatform.Orchestration.Broker;

/// <summary>Whether a node serves both protocols.</summary>
internal static class NodeReadiness
{
    private static readonly byte[] AmqpHeader = [(byte)'A', (byte)'M', (byte)'Q', (byte)'P', 0, 0, 9, 1];
    private static readonly TimeSpan AnswerLimit = TimeSpan.FromSeconds(2);

    public static async Task<bool> IsReadyAsync(int amqpPort, int streamPort, CancellationToken cancellationToken) =>
        await AnswersAsync(amqpPort, AmqpHeader, cancellationToken) && await AnswersAsync(streamPort, hello: null, cancellationToken);

    /// <summary>The port accepts, and (with a hello) the server's answer begins: a method frame, connection.start.</summary>
    private static async Task<bool> AnswersAsync(int port, byte[]? hello, CancellationToken cancellationToken)
    {
        const byte MethodFrame = 1;
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(AnswerLimit);
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            await socket.ConnectAsync(new IPEndPoint(IPAddress.Loopback, port), limit.Token);
            if (hello is null)
            {
                return true;
            }
            await socket.SendAsync(hello, limit.Token);
            var answer = new byte[1];
            return await socket.ReceiveAsync(answer, limit.Token) == 1 && answer[0] == MethodFrame;
        }
        catch (SocketException)
        {
            return false;
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return false;
        }
    }
}
