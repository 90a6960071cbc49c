using MassTransit;
using Microsoft.Extensions.Configuration;
using RabbitMQ.Client;

namespace FlowPlatform.RabbitMQ.Commands;

/// <summary>Where the broker is and how many commands of a kind run at a time. Messages never quote the address, for it holds a password.</summary>
internal sealed record CommandBusSettings(string Host, ushort Port, string VirtualHost, string User, string Password, bool Tls, int Concurrency) : CommandTransport(Concurrency)
{
    public override bool KeepsCommands => true;

    /// <summary>Reads <c>ConnectionStrings:rabbitmq</c> and <c>FLOW_COMMAND_CONCURRENCY</c>.</summary>
    /// <exception cref="InvalidOperationException">The address is missing or malformed, or the number out of bounds.</exception>
    public static CommandBusSettings Read(IConfiguration configuration)
    {
        const string Form = "amqp://user:password@host:port/virtual-host";
        var text = configuration.GetConnectionString("rabbitmq");
        if (string.IsNullOrWhiteSpace(text))
        {
            throw new InvalidOperationException($"RabbitMQ's address is missing. Set ConnectionStrings:rabbitmq to {Form}.");
        }

        if (!Uri.TryCreate(text, UriKind.Absolute, out var uri) || uri.Scheme is not ("amqp" or "amqps"))
        {
            throw new InvalidOperationException($"ConnectionStrings:rabbitmq must have the form {Form}, or amqps://… for TLS.");
        }

        if (!uri.UserInfo.Contains(':', StringComparison.Ordinal))
        {
            throw new InvalidOperationException($"ConnectionStrings:rabbitmq for {uri.Host} has no user:password. There is no default user.");
        }

        var parsed = new ConnectionFactory { Uri = uri };
        return new CommandBusSettings(
            uri.IdnHost, (ushort)parsed.Endpoint.Port, parsed.VirtualHost, parsed.UserName, parsed.Password, parsed.Ssl.Enabled, ReadConcurrency(configuration));
    }

    /// <summary>Without credentials.</summary>
    public override string ToString() => $"{Host}:{Port} (virtual host '{VirtualHost}')";

    /// <summary>Opens a connection and closes it: MassTransit never tries again after a refused password, and otherwise pauses for up to 30 s.</summary>
    public override async Task ProbeAsync(CancellationToken cancellationToken)
    {
        var factory = new ConnectionFactory
        {
            HostName = Host,
            Port = Port,
            VirtualHost = VirtualHost,
            UserName = User,
            Password = Password,
            Ssl = new SslOption(Host, enabled: Tls),
            AutomaticRecoveryEnabled = false,
            RequestedConnectionTimeout = TimeSpan.FromSeconds(5),
        };
        await using var connection = await factory.CreateConnectionAsync("commands probe", cancellationToken);
    }

    public override IBusControl CreateBus(string name, Action<IBusFactoryConfigurator> configure) => Bus.Factory.CreateUsingRabbitMq(factory =>
    {
        Apply(factory, name);
        factory.Publish<CommandMessage>(topology => topology.Exclude = true);
        configure(factory);
    });

    private void Apply(IRabbitMqBusFactoryConfigurator bus, string connectionName) => bus.Host(Host, Port, VirtualHost, connectionName, host =>
    {
        host.Username(User);
        host.Password(Password);
        host.PublisherConfirmation = true;
        if (Tls)
        {
            host.UseSsl(tls =>
            {
                tls.ServerName = Host;
                // Whatever the system holds for safe.
                tls.Protocol = System.Security.Authentication.SslProtocols.None;
            });
        }
    });
}
