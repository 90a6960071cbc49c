using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace ServiceDefaults.Limits;

/// <summary>What one connection may ask of the web server. What breaks these limits before there is a request, the server answers itself, with no body.</summary>
internal static class ConnectionLimits
{
    /// <summary>Longest path with query that is looked at; an id of 64 characters of four bytes, escaped, has 768.</summary>
    public const int MaxTarget = 4 * 1024;

    private const int MaxRequestLine = 4 * MaxTarget;
    private const int MaxHeaders = 64;
    private const int MaxHeaderBytes = 16 * 1024;
    private static readonly TimeSpan HeadersTime = TimeSpan.FromSeconds(10);

    /// <summary>Slower than 240 bytes a second after 5 s is nobody's network, but somebody who holds connections open.</summary>
    private static readonly MinDataRate Slowest = new(bytesPerSecond: 240, gracePeriod: TimeSpan.FromSeconds(5));

    public static void Apply(KestrelServerLimits server, ServiceLimits limits)
    {
        server.MaxRequestBodySize = limits.MaxBody;
        server.MaxConcurrentConnections = limits.MaxConnections;
        server.MaxConcurrentUpgradedConnections = limits.MaxConnections;
        // Longer than what is answered, so that the answer can say why.
        server.MaxRequestLineSize = MaxRequestLine;
        server.MaxRequestHeaderCount = MaxHeaders;
        server.MaxRequestHeadersTotalSize = MaxHeaderBytes;
        server.RequestHeadersTimeout = HeadersTime;
        server.MinRequestBodyDataRate = Slowest;
        server.MinResponseDataRate = Slowest;
    }
}
