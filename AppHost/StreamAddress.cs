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
        return string.Create(CultureInfo.InvariantCulture, $"{scheme}://{credentials}{uri.Host}:{port}{uri.Query}");
    }
}
