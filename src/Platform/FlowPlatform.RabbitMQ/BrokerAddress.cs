using System.Net.Security;
using System.Security.Authentication;
using FlowPlatform.RabbitMQ.StreamProtocol;
using RabbitMQ.Client;
using RabbitMQ.Client.Exceptions;

namespace FlowPlatform.RabbitMQ;

/// <summary>How to get into one of the broker's two protocols. Never printed: it holds a password.</summary>
/// <param name="Endpoint">Where.</param>
/// <param name="User">Empty with EXTERNAL.</param>
/// <param name="Password">Empty with EXTERNAL.</param>
/// <param name="Mechanism">By what.</param>
/// <param name="Tls">Null: in the clear.</param>
internal sealed record BrokerAccess(StreamEndpoint Endpoint, string User, string Password, SaslMechanism Mechanism, TlsOptions? Tls)
{
    /// <summary>Further nodes of the same broker.</summary>
    public IReadOnlyList<StreamEndpoint> Others { get; init; } = [];

    /// <summary>All nodes that are known from the beginning.</summary>
    public IEnumerable<StreamEndpoint> Endpoints => Others.Prepend(Endpoint);

    /// <summary>Without credentials.</summary>
    public override string ToString() => string.Join(", ", Endpoints);

    /// <summary>What an AMQP address alone says.</summary>
    /// <exception cref="ArgumentException">It is malformed or incomplete.</exception>
    public static BrokerAccess Of(BrokerUri uri, UriForm form, TlsOptions? tls = null, BrokerAccess? fallback = null)
    {
        var mechanism = uri.Mechanism ?? fallback?.Mechanism ?? SaslMechanism.Plain;
        tls = uri.IsSecure ? uri.Tls ?? tls ?? fallback?.Tls ?? new TlsOptions() : null;
        if (mechanism == SaslMechanism.External)
        {
            return tls?.ClientCertificate is null
                ? throw new ArgumentException($"The {form.Name} address of {uri.Endpoint.Host} asks for EXTERNAL, which is by a TLS client certificate: name {form.SecureScheme}://, certfile and keyfile.")
                : new BrokerAccess(uri.Endpoint, string.Empty, string.Empty, mechanism, tls) { Others = uri.Nodes };
        }

        var (user, password) = (uri.User ?? fallback?.User, uri.Password ?? fallback?.Password);
        return string.IsNullOrEmpty(user)
            ? throw new ArgumentException($"The {form.Name} address of {uri.Endpoint.Host} has no user:password. There is no default user.")
            : new BrokerAccess(uri.Endpoint, user, password ?? string.Empty, mechanism, tls) { Others = uri.Nodes };
    }

    /// <summary>The same for RabbitMQ's AMQP client, without its own recovery.</summary>
    public ConnectionFactory CreateFactory(string virtualHost)
    {
        var factory = new ConnectionFactory
        {
            HostName = Endpoint.Host,
            Port = Endpoint.Port,
            VirtualHost = virtualHost,
            AutomaticRecoveryEnabled = false,
            TopologyRecoveryEnabled = false,
        };
        if (Tls is not null)
        {
            factory.Ssl = new SslOption(Tls.ServerName ?? Endpoint.Host, enabled: true)
            {
                // Whatever the system holds for safe.
                Version = SslProtocols.None,
                AcceptablePolicyErrors = SslPolicyErrors.None,
                CertificateValidationCallback = (_, certificate, chain, errors) => Tls.IsTrusted(certificate, chain, errors),
                Certs = Tls.ClientCertificate is null ? null : [Tls.ClientCertificate],
            };
        }

        if (Mechanism == SaslMechanism.External)
        {
            factory.AuthMechanisms = [new ExternalMechanismFactory()];
        }
        else
        {
            (factory.UserName, factory.Password) = (User, Password);
        }

        return factory;
    }

    /// <summary>Connects to any node by AMQP, each in turn in random order, so that connections spread.</summary>
    /// <param name="virtualHost">Where to.</param>
    /// <param name="name">What the broker's tools show.</param>
    /// <param name="limit">For each node.</param>
    /// <param name="cancellationToken">Stops the attempt.</param>
    /// <exception cref="BrokerUnreachableException">What the last one said.</exception>
    public async Task<IConnection> ConnectAsync(string virtualHost, string name, TimeSpan limit, CancellationToken cancellationToken)
    {
        var nodes = Endpoints.ToArray();
        Random.Shared.Shuffle(nodes);
        for (var i = 0; ; i++)
        {
            var factory = (this with { Endpoint = nodes[i] }).CreateFactory(virtualHost);
            (factory.RequestedConnectionTimeout, factory.HandshakeContinuationTimeout, factory.ContinuationTimeout) = (limit, limit, limit);
            try
            {
                return await factory.CreateConnectionAsync(name, cancellationToken);
            }
            catch (Exception e) when (i + 1 < nodes.Length && !cancellationToken.IsCancellationRequested && e is RabbitMQClientException or IOException or TimeoutException or OperationCanceledException)
            {
                continue;
            }
        }
    }
}

/// <summary>What the addresses in the options mean.</summary>
/// <param name="Stream">Way into the stream protocol.</param>
/// <param name="Amqp">Way into AMQP.</param>
/// <param name="VirtualHost">In both.</param>
/// <param name="LoadBalancer">Whether every node is reached by the stream address itself.</param>
internal sealed record BrokerAddress(BrokerAccess Stream, BrokerAccess Amqp, string VirtualHost, bool LoadBalancer)
{
    /// <summary>Reads the addresses.</summary>
    /// <exception cref="ArgumentException">One is missing or malformed.</exception>
    public static BrokerAddress Parse(RabbitMqEventLogOptions options)
    {
        var uri = BrokerUri.Parse(
            options.AmqpUri ?? throw new ArgumentException(
                "RabbitMQ's address is missing. Set ConnectionStrings:rabbitmq to amqp://user:password@host:port/virtual-host.", nameof(options)),
            UriForm.Amqp);
        var amqp = BrokerAccess.Of(uri, UriForm.Amqp, options.Tls);
        var given = options.StreamUri is null ? null : BrokerUri.Parse(options.StreamUri, UriForm.Stream);
        if (options.Tls is not null && !uri.IsSecure && given is not { IsSecure: true })
        {
            throw new ArgumentException($"TLS is set up, but no address asks for it: {UriForm.Amqp.SecureScheme}:// or {UriForm.Stream.SecureScheme}://.", nameof(options));
        }

        var port = uri.IsSecure ? UriForm.Stream.SecurePort : UriForm.Stream.Port;
        var stream = given is null ? amqp with { Endpoint = new StreamEndpoint(uri.Endpoint.Host, port), Others = [.. uri.Nodes.Select(node => new StreamEndpoint(node.Host, port))] } : BrokerAccess.Of(given, UriForm.Stream, options.Tls, amqp);
        return new BrokerAddress(stream, amqp, options.VirtualHost ?? uri.VirtualHost, (given ?? uri).LoadBalancer);
    }

    /// <summary>Without credentials.</summary>
    public override string ToString() => $"{Stream} (AMQP {Amqp}, virtual host '{VirtualHost}')";
}
