using System.Globalization;

namespace FlowPlatform.AppHost;

/// <summary>Where a broker's streams are, if only its AMQP address is given.</summary>
internal static class StreamAddress
{
    internal const int Port = 5552;
    private const int SecurePort = 5551;

    /// <summary>The same host, user and parameters, and TLS where AMQP has it. What is no address stays as it is: whoever connects with it says so.</summary>
    public static string Of(string amqp)
    {
        if (!Uri.TryCreate(amqp, UriKind.Absolute, out var uri))
        {
            return amqp;
        }
        var (scheme, port) = uri.Scheme == "amqps" ? ("rabbitmq-stream+tls", SecurePort) : ("rabbitmq-stream", Port);
        var credentials = uri.UserInfo.Length > 0 ? $"{uri.UserInfo}@" : "";
        return string.Create(CultureInfo.InvariantCulture, $"{scheme}://{credentials}{uri.Host}:{port}{Query(uri, port)}");
    }

    /// <summary>Other nodes keep their hosts, not their ports.</summary>
    private static string Query(Uri uri, int port)
    {
        const string Nodes = "nodes=";
        return string.Join('&', uri.Query.Split('&').Select(part => part.TrimStart('?').StartsWith(Nodes, StringComparison.Ordinal)
            ? part[..(part.IndexOf(Nodes, StringComparison.Ordinal) + Nodes.Length)] + string.Join(',', part[(part.IndexOf('=', StringComparison.Ordinal) + 1)..].Split(',').Select(node => Moved(node, port)))
            : part));
    }

    private static string Moved(string node, int port) => Uri.TryCreate($"amqp://{node}", UriKind.Absolute, out var uri) ? string.Create(CultureInfo.InvariantCulture, $"{uri.Host}:{port}") : node;
}
