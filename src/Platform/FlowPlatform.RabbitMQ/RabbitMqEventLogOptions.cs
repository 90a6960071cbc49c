using FlowPlatform.RabbitMQ.StreamProtocol;

namespace FlowPlatform.RabbitMQ;

/// <summary>How to reach RabbitMQ, and the bounds of using it. Checked when the log is created.</summary>
public sealed class RabbitMqEventLogOptions
{
    /// <summary>
    /// AMQP address with credentials, <c>amqp://user:password@host:port/virtual-host</c>, or <c>amqps://…</c> for TLS; used to declare streams. Default ports 5672 and 5671, default virtual host <c>/</c>.
    /// <c>?nodes=host:port,host:port</c> names further nodes of a cluster, up to 16. Other parameters, named as in RabbitMQ's documentation of URI query parameters: <c>cacertfile</c> (authorities to trust, PEM; default: the system's), <c>certfile</c> and <c>keyfile</c>
    /// (our own certificate, PEM), <c>server_name_indication</c> (name that the broker's certificate must have; default: the host), <c>auth_mechanism=external</c> (by certificate instead of password).
    /// </summary>
    public Uri? AmqpUri { get; set; }

    /// <summary>
    /// Stream-protocol address with credentials, <c>rabbitmq-stream://user:password@host:port</c>, or <c>rabbitmq-stream+tls://…</c>, with the same parameters and one more: <c>load_balancer=true</c>
    /// reaches every node by this very address (behind a load balancer, or a container's mapped port). Default: host, credentials and TLS of <see cref="AmqpUri"/>, port 5552 or, with TLS, 5551.
    /// </summary>
    public Uri? StreamUri { get; set; }

    /// <summary>TLS where an address asks for it and has no parameters for it; default: the system's authorities, no certificate of our own.</summary>
    public TlsOptions? Tls { get; set; }

    /// <summary>Codecs for sub-entry batches that other clients packed otherwise than with gzip; default none.</summary>
    public IReadOnlyList<ICompressionCodec> Codecs { get; set; } = [];

    /// <summary>
    /// On how many of the broker's nodes each stream is kept: 1, or an odd number up to 9 of which any minority may be lost. What is confirmed is then on a majority of them. It holds for streams that
    /// don't exist yet; those that do must have been declared with the same number. Default 1, which asks for nothing: a broker of several nodes decides by its own default.
    /// </summary>
    public int Nodes { get; set; } = 1;

    /// <summary>Virtual host; default: the one in <see cref="AmqpUri"/>.</summary>
    public string? VirtualHost { get; set; }

    /// <summary>Name that the broker's tools show for the connections; default <c>flowplatform</c>.</summary>
    public string ConnectionName { get; set; } = "flowplatform";

    /// <summary>Limit for opening a connection; default 10 s.</summary>
    public TimeSpan ConnectTimeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>Limit for an answer of the broker; default 10 s.</summary>
    public TimeSpan RequestTimeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>How long to look for a stream's leader or replica before giving up; default 15 s. A leader that died is replaced within a second, one that was shut down within six.</summary>
    public TimeSpan ResolveTimeout { get; set; } = TimeSpan.FromSeconds(15);

    /// <summary>How long a writer waits without any confirmation before it gives up; default 30 s.</summary>
    public TimeSpan ConfirmTimeout { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>Heartbeat to ask for, in whole seconds; default 10 s. A dead peer is noticed after two.</summary>
    public TimeSpan Heartbeat { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>Most events per publish frame; default 1,000.</summary>
    public int MaxFrameEvents { get; set; } = 1_000;

    /// <summary>Bytes per publish frame to aim at, in bytes; default 1 MiB. A single larger event still goes, up to the broker's own limit.</summary>
    public int MaxFrameBytes { get; set; } = 1024 * 1024;

    /// <summary>Most unconfirmed events of a writer; default 10,000. Brokers stop reading a connection at 50,000.</summary>
    public int MaxInFlightEvents { get; set; } = 10_000;

    /// <summary>
    /// Most unconfirmed bytes of a writer; default 16 MiB. The broker may store all of it as one chunk, so it must stay below <see cref="MaxDeliverBytes"/>.
    /// </summary>
    public int MaxInFlightBytes { get; set; } = 16 * 1024 * 1024;

    /// <summary>Batches that a reader may have unread or undisposed; default 10.</summary>
    public ushort InitialCredit { get; set; } = 10;

    /// <summary>Largest batch that a reader accepts, in bytes; default 64 MiB.</summary>
    public int MaxDeliverBytes { get; set; } = 64 * 1024 * 1024;

    /// <summary>How long a reader may wait before it looks whether there is something that the broker doesn't send it; past two such looks it ends itself, to be opened again. Default 30 s.</summary>
    public TimeSpan StallTimeout { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>
    /// Maps the address that a node advertises to one that can be reached from here (port forwarding, proxies, load balancers). Where several nodes have the same, connections are tried until
    /// the wanted node answers. Default: as advertised, or the stream address with <c>load_balancer=true</c>.
    /// </summary>
    public Func<StreamEndpoint, StreamEndpoint>? AddressResolver { get; set; }
}
