namespace FlowPlatform.Orchestration.Broker.Checks;

/// <summary>An address of a broker, taken apart. Messages name host and port only, for the rest holds a password.</summary>
internal sealed record BrokerAddress(string Host, int Port, bool IsTls, string User, string Password, string VirtualHost)
{
    public override string ToString() => $"{Host}:{Port}";

    public static BrokerAddress Amqp(string text) => Read(text, "ConnectionStrings__rabbitmq", "amqp", "amqps", 5672, 5671, fallback: null);

    /// <summary>User and password default to those of the AMQP address.</summary>
    public static BrokerAddress Stream(string text, BrokerAddress amqp) =>
        Read(text, "ConnectionStrings__rabbitmq_stream", "rabbitmq-stream", "rabbitmq-stream+tls", 5552, 5551, amqp) with { VirtualHost = amqp.VirtualHost };

    private static BrokerAddress Read(string text, string setting, string scheme, string tlsScheme, int port, int tlsPort, BrokerAddress? fallback)
    {
        if (!Uri.TryCreate(text, UriKind.Absolute, out var uri) || uri.Host.Length == 0)
        {
            throw new BrokerException($"{setting} is no address. It must be like {scheme}://user:password@host:{port}; special characters in the password are written like %2F.");
        }
        if (uri.Scheme != scheme && uri.Scheme != tlsScheme)
        {
            throw new BrokerException($"{setting} begins with {uri.Scheme}://. It must be like {scheme}://user:password@host:{port}, or {tlsScheme}:// for TLS.");
        }
        var isTls = uri.Scheme == tlsScheme;
        var credentials = uri.UserInfo.Split(':', 2);
        var (user, password) = credentials is [{ Length: > 0 } name, var secret] ? (Uri.UnescapeDataString(name), Uri.UnescapeDataString(secret))
            : uri.UserInfo.Length == 0 && fallback is not null ? (fallback.User, fallback.Password)
            : throw new BrokerException($"{setting} names no user and password for {uri.IdnHost}. There is no default: write {scheme}://user:password@{uri.IdnHost}.");
        return new BrokerAddress(uri.IdnHost, uri.Port > 0 ? uri.Port : isTls ? tlsPort : port, isTls, user, password,
            uri.AbsolutePath.Length > 1 ? Uri.UnescapeDataString(uri.AbsolutePath[1..]) : "/");
    }
}
