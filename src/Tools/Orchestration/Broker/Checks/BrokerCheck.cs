using System.Text;
using FlowPlatform.RabbitMQ.StreamProtocol;
using RabbitMQ.Client;
using RabbitMQ.Client.Exceptions;

namespace FlowPlatform.Orchestration.Broker.Checks;

/// <summary>Looks at a broker as services will use it: AMQP and stream protocol, user, virtual host, version, the address it advertises.</summary>
internal static class BrokerCheck
{
    private const int NotAllowed = 530;
    private const string ClientName = "flowplatform-check";
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(0.5);

    /// <summary>Tries again, up to <paramref name="patience"/>, while the fault may pass.</summary>
    /// <exception cref="BrokerException">It can't be used; the message says why and what to do.</exception>
    public static async Task<BrokerFacts> RunAsync(
        string amqpUri, string streamUri, TimeSpan patience, IProgress<string>? progress, TimeProvider time, CancellationToken cancellationToken)
    {
        var started = time.GetTimestamp();
        for (var first = true; ; first = false)
        {
            try
            {
                return await OnceAsync(amqpUri, streamUri, cancellationToken);
            }
            catch (BrokerException e) when (e.MayPass && time.GetElapsedTime(started) < patience)
            {
                if (first)
                {
                    progress?.Report($"waiting up to {patience.TotalSeconds:0} s: {e.Message}");
                }
            }
            await Task.Delay(Interval, time, cancellationToken);
        }
    }

    /// <summary>One look.</summary>
    public static async Task<BrokerFacts> OnceAsync(string amqpUri, string streamUri, CancellationToken cancellationToken)
    {
        var amqp = BrokerAddress.Amqp(amqpUri);
        var stream = BrokerAddress.Stream(streamUri, amqp);
        var facts = await CheckAmqpAsync(amqp, cancellationToken);
        await CheckStreamAsync(stream, facts, cancellationToken);
        return facts;
    }

    private static async Task<BrokerFacts> CheckAmqpAsync(BrokerAddress address, CancellationToken cancellationToken)
    {
        const string Cure = "Start it, or correct ConnectionStrings__rabbitmq.";
        await (address.Tls is not null ? PortCheck.ConnectAsync(address, "RabbitMQ", Cure, cancellationToken) : PortCheck.SpeaksAmqpAsync(address, Cure, cancellationToken));
        var factory = address.Access.CreateFactory(address.VirtualHost);
        factory.RequestedConnectionTimeout = Limit;
        factory.ContinuationTimeout = Limit;
        factory.ClientProvidedName = ClientName;
        try
        {
            await using var connection = await factory.CreateConnectionAsync(cancellationToken);
            // The client doesn't wait for the virtual host to let it in; a channel does.
            await using var channel = await connection.CreateChannelAsync(cancellationToken: cancellationToken);
            return Facts(address, connection.ServerProperties ?? new Dictionary<string, object?>());
        }
        catch (BrokerUnreachableException e)
        {
            throw AmqpFault(address, e.InnerException ?? e);
        }
        catch (Exception e) when (e is OperationInterruptedException or AlreadyClosedException or IOException)
        {
            throw AmqpFault(address, e);
        }
    }

    internal static BrokerFacts Facts(BrokerAddress address, IDictionary<string, object?> properties)
    {
        var product = Text(properties, "product");
        if (product is not (null or "RabbitMQ"))
        {
            throw new BrokerException($"{address} is {product}, not RabbitMQ. FlowPlatform needs RabbitMQ 3.10 or newer, with its stream plugin.");
        }
        var text = Text(properties, "version") ?? "";
        var version = BrokerVersion.Parse(text) ?? throw new BrokerException($"The broker at {address} names its version '{text}', which can't be read. RabbitMQ 3.10 or newer is needed.");
        return version.IsSupported
            ? new BrokerFacts(version, Text(properties, "platform"))
            : throw new BrokerException($"The broker at {address} is RabbitMQ {text}; 3.10 or newer is needed. Upgrade it, or leave ConnectionStrings__rabbitmq out: the AppHost then brings one.");
    }

    internal static BrokerException AmqpFault(BrokerAddress address, Exception fault) => fault switch
    {
        AuthenticationFailureException => new BrokerException($"RabbitMQ at {address} refuses the user '{address.User}': the password is wrong, the user doesn't exist " +
            "(rabbitmqctl add_user), or it is guest, who may connect from the broker's own machine only.", fault),
        OperationInterruptedException { ShutdownReason.ReplyCode: NotAllowed } refused => VirtualHostFault(address, refused.ShutdownReason!.ReplyText, refused),
        _ => new BrokerException($"RabbitMQ at {address} ended the connection while it was opened: {fault.Message}", fault) { MayPass = true },
    };

    private static BrokerException VirtualHostFault(BrokerAddress address, string reply, Exception fault) =>
        reply.Contains("not found", StringComparison.OrdinalIgnoreCase)
            ? new BrokerException($"RabbitMQ at {address} has no virtual host '{address.VirtualHost}'. Create it (rabbitmqctl add_vhost), or correct the path of ConnectionStrings__rabbitmq " +
                "(no path means '/', a name beginning with a slash is written %2F…).", fault)
            : new BrokerException($"RabbitMQ at {address} keeps the user '{address.User}' out of the virtual host '{address.VirtualHost}' ({reply}). " +
                $"Permit it: rabbitmqctl set_permissions -p {address.VirtualHost} {address.User} '.*' '.*' '.*'.", fault);

    private static async Task CheckStreamAsync(BrokerAddress address, BrokerFacts facts, CancellationToken cancellationToken)
    {
        await PortCheck.ConnectAsync(address, $"The stream port of RabbitMQ {facts.Version.Text}",
            "Its stream plugin is off (rabbitmq-plugins enable rabbitmq_stream), or the port is another or closed by a firewall: name it in ConnectionStrings__rabbitmq_stream.", cancellationToken);
        StreamConnection connection;
        try
        {
            connection = await StreamConnection.ConnectAsync(new StreamConnectionOptions
            {
                Endpoint = new StreamEndpoint(address.Host, address.Port),
                User = address.User,
                Password = address.Access.Password,
                Mechanism = address.Access.Mechanism,
                Tls = address.Tls,
                VirtualHost = address.VirtualHost,
                ConnectTimeout = Limit,
                ConnectionName = ClientName,
            }, cancellationToken);
        }
        catch (StreamResponseException e)
        {
            throw new BrokerException($"RabbitMQ's stream port {address} refuses the user '{address.User}' ({e.Code}). AMQP accepted its user: is another one named in ConnectionStrings__rabbitmq_stream?", e);
        }
        catch (Exception e) when (e is StreamNotSupportedException or StreamTlsException)
        {
            throw new BrokerException($"RabbitMQ's stream port {address} can't be used as asked for. {e.Message}", e);
        }
        catch (Exception e) when (e is StreamProtocolException or StreamConnectionException)
        {
            throw new BrokerException($"What listens at {address} doesn't speak RabbitMQ's stream protocol ({e.Message}). It is at port 5552 by default (TLS: 5551); name it in ConnectionStrings__rabbitmq_stream.", e) { MayPass = true };
        }
        await using (connection)
        {
            await CheckAdvertisedAsync(address, connection.AdvertisedEndpoint, cancellationToken);
        }
    }

    /// <summary>Clients are sent on to the address that a node advertises: one that only the broker's own network knows is the commonest fault of brokers in containers.</summary>
    internal static async Task CheckAdvertisedAsync(BrokerAddress address, StreamEndpoint? advertised, CancellationToken cancellationToken)
    {
        if (address.LoadBalancer || advertised is not { } endpoint || (endpoint.Host == address.Host && endpoint.Port == address.Port))
        {
            return;
        }
        try
        {
            await PortCheck.ConnectAsync(address with { Host = endpoint.Host, Port = endpoint.Port, Access = address.Access with { Tls = null } }, "The broker", "", cancellationToken);
        }
        catch (BrokerException e)
        {
            throw new BrokerException($"RabbitMQ answers at {address}, but sends stream clients on to {endpoint}, where it can't be reached from here. " +
                $"In its rabbitmq.conf set stream.advertised_host = {address.Host} and stream.advertised_port = {address.Port}, and restart it; if {address} is a load balancer, add ?load_balancer=true to ConnectionStrings__rabbitmq_stream.", e);
        }
    }

    /// <summary>Strings come as bytes.</summary>
    private static string? Text(IDictionary<string, object?> properties, string name) =>
        properties.TryGetValue(name, out var value) ? value is byte[] bytes ? Encoding.UTF8.GetString(bytes) : value?.ToString() : null;
}
