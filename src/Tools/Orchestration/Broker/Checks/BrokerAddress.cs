using FlowPlatform.RabbitMQ;
using FlowPlatform.RabbitMQ.StreamProtocol;

namespace FlowPlatform.Orchestration.Broker.Checks;

/// <summary>An address of a broker, taken apart as services do it. Messages name host and port only, for the rest holds a password.</summary>
internal sealed record BrokerAddress(string Host, int Port, BrokerAccess Access, string VirtualHost, bool LoadBalancer)
{
    public string User => Access.User;

    public TlsOptions? Tls => Access.Tls;

    public override string ToString() => $"{Host}:{Port}";

    public static BrokerAddress Amqp(string text) => Read(text, "ConnectionStrings__rabbitmq", UriForm.Amqp, fallback: null);

    /// <summary>User, password and what TLS needs default to those of the AMQP address.</summary>
    public static BrokerAddress Stream(string text, BrokerAddress amqp) =>
        Read(text, "ConnectionStrings__rabbitmq_stream", UriForm.Stream, amqp) with { VirtualHost = amqp.VirtualHost };

    private static BrokerAddress Read(string text, string setting, UriForm form, BrokerAddress? fallback)
    {
        if (!Uri.TryCreate(text, UriKind.Absolute, out var address) || address.Host.Length == 0)
        {
            throw new BrokerException($"{setting} is no address. It must be like {form.Scheme}://user:password@host:{form.Port}; special characters in the password are written like %2F.");
        }
        if (address.Scheme != form.Scheme && address.Scheme != form.SecureScheme)
        {
            throw new BrokerException($"{setting} begins with {address.Scheme}://. It must be like {form.Scheme}://user:password@host:{form.Port}, or {form.SecureScheme}:// for TLS.");
        }
        try
        {
            var uri = BrokerUri.Parse(address, form);
            if (uri.Mechanism != SaslMechanism.External && string.IsNullOrEmpty(uri.User) && fallback is null)
            {
                throw new BrokerException($"{setting} names no user and password for {address.IdnHost}. There is no default: write {form.Scheme}://user:password@{address.IdnHost}.");
            }
            return new BrokerAddress(uri.Endpoint.Host, uri.Endpoint.Port, BrokerAccess.Of(uri, form, fallback: fallback?.Access), uri.VirtualHost, uri.LoadBalancer);
        }
        catch (ArgumentException e)
        {
            throw new BrokerException($"{setting} can't be used. {e.Message}", e);
        }
    }
}
