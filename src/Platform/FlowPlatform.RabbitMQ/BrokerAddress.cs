using FlowPlatform.RabbitMQ.StreamProtocol;

namespace FlowPlatform.RabbitMQ;

/// <summary>What the addresses in the options mean. Messages never quote an address, for it holds a password.</summary>
internal sealed record BrokerAddress(StreamEndpoint Stream, string StreamUser, string StreamPassword, StreamEndpoint Amqp, string AmqpUser, string AmqpPassword, string VirtualHost)
{
    private const int AmqpPort = 5672;
    private const int StreamPort = 5552;

    /// <summary>Reads the addresses.</summary>
    /// <exception cref="ArgumentException">One is missing or malformed.</exception>
    public static BrokerAddress Parse(RabbitMqEventLogOptions options)
    {
        var amqp = options.AmqpUri ?? throw new ArgumentException(
            "RabbitMQ's address is missing. Set ConnectionStrings:rabbitmq to amqp://user:password@host:port/virtual-host.", nameof(options));
        Check(amqp, "amqp", "AMQP");
        var (amqpUser, amqpPassword) = Credentials(amqp, "AMQP");
        var stream = options.StreamUri;
        var (streamUser, streamPassword) = (amqpUser, amqpPassword);
        if (stream is not null)
        {
            Check(stream, "rabbitmq-stream", "stream");
            (streamUser, streamPassword) = stream.UserInfo.Length == 0 ? (amqpUser, amqpPassword) : Credentials(stream, "stream");
        }

        return new BrokerAddress(
            new StreamEndpoint(stream?.IdnHost ?? amqp.IdnHost, stream is null || stream.Port < 0 ? StreamPort : stream.Port),
            streamUser,
            streamPassword,
            new StreamEndpoint(amqp.IdnHost, amqp.Port < 0 ? AmqpPort : amqp.Port),
            amqpUser,
            amqpPassword,
            options.VirtualHost ?? (amqp.AbsolutePath.Length > 1 ? Uri.UnescapeDataString(amqp.AbsolutePath[1..]) : "/"));
    }

    /// <summary>Without credentials.</summary>
    public override string ToString() => $"{Stream} (AMQP {Amqp}, virtual host '{VirtualHost}')";

    private static void Check(Uri uri, string scheme, string name)
    {
        if (!uri.IsAbsoluteUri || uri.Scheme != scheme || uri.Host.Length == 0)
        {
            throw new ArgumentException($"The {name} address must have the form {scheme}://user:password@host:port; this one {(uri.IsAbsoluteUri ? $"starts with {uri.Scheme}://" : "is not absolute")}.");
        }
    }

    private static (string User, string Password) Credentials(Uri uri, string name)
    {
        var parts = uri.UserInfo.Split(':', 2);
        return parts.Length == 2 && parts[0].Length > 0
            ? (Uri.UnescapeDataString(parts[0]), Uri.UnescapeDataString(parts[1]))
            : throw new ArgumentException($"The {name} address of {uri.IdnHost} has no user:password. There is no default user.");
    }
}
