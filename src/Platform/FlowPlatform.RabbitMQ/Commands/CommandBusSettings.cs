using FlowPlatform.RabbitMQ.StreamProtocol;
using MassTransit;
using Microsoft.Extensions.Configuration;

namespace FlowPlatform.RabbitMQ.Commands;

/// <summary>Where the broker is and how many commands of a kind run at a time. Messages never quote the address, for it holds a password.</summary>
internal sealed record CommandBusSettings(BrokerAccess Broker, string VirtualHost, int Concurrency) : CommandTransport(Concurrency)
{
    /// <summary>Connections to a node that has stopped without a word end after two of these.</summary>
    private const ushort HeartbeatSeconds = 10;

    public override bool KeepsCommands => true;

    /// <summary>On how many nodes each queue is kept: from three on they are quorum queues.</summary>
    public int Nodes { get; init; } = 1;

    /// <summary>Reads <c>ConnectionStrings:rabbitmq</c>, <c>FLOW_COMMAND_CONCURRENCY</c> and <c>FLOW_BROKER_NODES</c>.</summary>
    /// <exception cref="InvalidOperationException">The address is missing or malformed, or the number out of bounds.</exception>
    public static CommandBusSettings Read(IConfiguration configuration)
    {
        const string Form = "amqp://user:password@host:port/virtual-host";
        var text = configuration.GetConnectionString("rabbitmq");
        if (string.IsNullOrWhiteSpace(text))
        {
            throw new InvalidOperationException($"RabbitMQ's address is missing. Set ConnectionStrings:rabbitmq to {Form}.");
        }

        try
        {
            var uri = Uri.TryCreate(text, UriKind.Absolute, out var address)
                ? BrokerUri.Parse(address, UriForm.Amqp)
                : throw new ArgumentException($"It must have the form {Form}, or amqps://… for TLS.");
            return new CommandBusSettings(BrokerAccess.Of(uri, UriForm.Amqp), uri.VirtualHost, ReadConcurrency(configuration)) { Nodes = BrokerNodes.Read(configuration) };
        }
        catch (ArgumentException e)
        {
            throw new InvalidOperationException($"ConnectionStrings:rabbitmq can't be used. {e.Message}", e);
        }
    }

    /// <summary>Without credentials.</summary>
    public override string ToString() => $"{Broker} (virtual host '{VirtualHost}')";

    /// <summary>Opens a connection and closes it: MassTransit never tries again after a refused password, and otherwise pauses for up to 30 s.</summary>
    public override async Task ProbeAsync(CancellationToken cancellationToken)
    {
        await using var connection = await Broker.ConnectAsync(VirtualHost, "commands probe", TimeSpan.FromSeconds(5), cancellationToken);
    }

    /// <summary>By the exchange that the reader of the queue has declared with it: a sender that declared the queue would have to know its arguments.</summary>
    public override Uri AddressOf(string command) => new($"exchange:{command}");

    public override void Configure(IReceiveEndpointConfigurator queue)
    {
        if (Nodes > 1 && queue is IRabbitMqReceiveEndpointConfigurator rabbit)
        {
            rabbit.SetQuorumQueue(Nodes);
        }
    }

    public override IBusControl CreateBus(string name, Action lost, Action<IBusFactoryConfigurator> configure) => Bus.Factory.CreateUsingRabbitMq(factory =>
    {
        Apply(factory, name, lost);
        factory.Publish<CommandMessage>(topology => topology.Exclude = true);
        configure(factory);
    });

    private void Apply(IRabbitMqBusFactoryConfigurator bus, string connectionName, Action lost) => bus.Host(Broker.Endpoint.Host, (ushort)Broker.Endpoint.Port, VirtualHost, connectionName, host =>
    {
        host.Username(Broker.User);
        host.Password(Broker.Password);
        host.PublisherConfirmation = true;
        host.OnRefreshConnectionFactory = factory =>
        {
            factory.SocketFactory = family => new WatchedSocket(family, lost);
            return Task.CompletedTask;
        };
        if (Broker.Others.Count > 0)
        {
            host.Heartbeat(HeartbeatSeconds);
            host.UseCluster(cluster =>
            {
                foreach (var node in Broker.Endpoints)
                {
                    cluster.Node(node.ToString());
                }
            });
        }

        if (Broker.Tls is { } options)
        {
            host.UseSsl(tls =>
            {
                tls.ServerName = options.ServerName ?? Broker.Endpoint.Host;
                // Whatever the system holds for safe.
                tls.Protocol = System.Security.Authentication.SslProtocols.None;
                tls.EnforcePolicyErrors(System.Net.Security.SslPolicyErrors.RemoteCertificateChainErrors
                    | System.Net.Security.SslPolicyErrors.RemoteCertificateNameMismatch
                    | System.Net.Security.SslPolicyErrors.RemoteCertificateNotAvailable);
                tls.CertificateValidationCallback = (_, certificate, chain, errors) => options.IsTrusted(certificate, chain, errors);
                tls.Certificate = options.ClientCertificate;
                tls.UseCertificateAsAuthenticationIdentity = Broker.Mechanism == SaslMechanism.External;
            });
        }
    });
}
