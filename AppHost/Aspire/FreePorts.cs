using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using Aspire.Hosting;

namespace FlowPlatform.AppHost;

internal static class FreePorts
{
    private const int First = 20_000;
    private const int End = 32_000;
    private const int AttemptsMax = 200;

    /// <summary>From below the range that systems hand to outgoing connections, so that nobody takes one before its server does.</summary>
    public static int[] Take(int count)
    {
        var found = new HashSet<int>();
        for (var attempt = 0; attempt < AttemptsMax && found.Count < count; attempt++)
        {
            var port = RandomNumberGenerator.GetInt32(First, End);
            if (IsFree(port))
            {
                found.Add(port);
            }
        }
        return found.Count == count ? [.. found] : throw new DistributedApplicationException($"No {count} free ports were found between {First} and {End}.");
    }

    private static bool IsFree(int port)
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            socket.Bind(new IPEndPoint(IPAddress.Loopback, port));
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
