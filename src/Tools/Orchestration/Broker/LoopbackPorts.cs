using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;

namespace FlowPlatform.Orchestration.Broker;

/// <summary>
/// Free TCP ports on loopback, from below the range that the system hands to outgoing connections (Linux: from 32768),
/// so that no client's connection takes one between the look and the server's bind.
/// </summary>
internal static class LoopbackPorts
{
    private const int First = 20_000;
    private const int End = 32_000;
    private const int AttemptsMax = 2_000;

    public static int[] Take(int count)
    {
        // Held until all are found, so that they differ.
        var held = new List<Socket>();
        try
        {
            for (var attempt = 0; held.Count < count; attempt++)
            {
                if (attempt == AttemptsMax)
                {
                    throw new BrokerException($"No {count} free ports were found on 127.0.0.1 between {First} and {End}.");
                }
                if (TryBind(RandomNumberGenerator.GetInt32(First, End)) is { } socket)
                {
                    held.Add(socket);
                }
            }
            return [.. held.Select(socket => ((IPEndPoint)socket.LocalEndPoint!).Port)];
        }
        finally
        {
            held.ForEach(socket => socket.Dispose());
        }
    }

    public static bool IsFree(int port)
    {
        using var socket = TryBind(port);
        return socket is not null;
    }

    private static Socket? TryBind(int port)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            socket.Bind(new IPEndPoint(IPAddress.Loopback, port));
            socket.Listen(1);
            return socket;
        }
        catch (SocketException)
        {
            socket.Dispose();
            return null;
        }
    }
}
