using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using FlowPlatform.Orchestration.Broker;
using FlowPlatform.RabbitMQ.StreamProtocol;
using FlowPlatform.Tests.Support;

namespace FlowPlatform.RabbitMQ.Tests.Tls;

/// <summary>A private node that speaks TLS with a generated certificate and lets clients in by theirs.</summary>
public sealed class TlsBroker : IAsyncLifetime
{
    private readonly TemporaryDirectory directory = new();
    private PrivateBroker? node;

    internal TestAuthority Authority { get; } = new();

    internal StreamEndpoint Stream { get; private set; }

    internal int PlainStreamPort => node!.StreamPort;

    internal string Password => node!.Password;

    internal string AuthorityFile => File("ca.pem");

    /// <summary><c>amqps://…</c> and <c>rabbitmq-stream+tls://…</c> with a password.</summary>
    internal string AmqpUri => $"amqps://flow:{Password}@localhost:{amqpPort}?cacertfile={Uri.EscapeDataString(AuthorityFile)}";

    internal string StreamUri => $"rabbitmq-stream+tls://{Stream}";

    /// <summary>The same without, by the certificate of the user.</summary>
    internal string ExternalAmqpUri =>
        $"amqps://localhost:{amqpPort}?auth_mechanism=external&cacertfile={Uri.EscapeDataString(AuthorityFile)}&certfile={Uri.EscapeDataString(File("user.pem"))}&keyfile={Uri.EscapeDataString(File("user.key"))}";

    private int amqpPort;

    public async ValueTask InitializeAsync()
    {
        Stream = new StreamEndpoint("localhost", FreePort());
        amqpPort = FreePort();
        System.IO.File.WriteAllText(AuthorityFile, Authority.Pem);
        using (var server = Authority.IssueServer())
        {
            Write("server", server);
        }

        using (var user = Authority.IssueClient("flow"))
        {
            Write("user", user);
        }

        node = await PrivateBroker.StartAsync(
            new PrivateBrokerOptions
            {
                DataDirectory = File("node"),
                Plugins = ["rabbitmq_auth_mechanism_ssl"],
                Configuration =
                [
                    $"listeners.ssl.1 = 127.0.0.1:{amqpPort}",
                    $"stream.listeners.ssl.1 = 127.0.0.1:{Stream.Port}",
                    "stream.advertised_tls_host = localhost",
                    $"stream.advertised_tls_port = {Stream.Port}",
                    $"ssl_options.cacertfile = {AuthorityFile}",
                    $"ssl_options.certfile = {File("server.pem")}",
                    $"ssl_options.keyfile = {File("server.key")}",
                    "ssl_options.verify = verify_peer",
                    "ssl_options.fail_if_no_peer_cert = false",
                    "auth_mechanisms.1 = PLAIN",
                    "auth_mechanisms.2 = EXTERNAL",
                    "ssl_cert_login_from = common_name",
                ],
            },
            progress: null,
            CancellationToken.None);
    }

    public async ValueTask DisposeAsync()
    {
        if (node is not null)
        {
            await node.DisposeAsync();
        }

        Authority.Dispose();
        directory.Dispose();
    }

    private string File(string name) => Path.Combine(directory.Path, name);

    private void Write(string name, X509Certificate2 certificate)
    {
        System.IO.File.WriteAllText(File($"{name}.pem"), certificate.ExportCertificatePem());
        using var key = certificate.GetECDsaPrivateKey()!;
        System.IO.File.WriteAllText(File($"{name}.key"), key.ExportPkcs8PrivateKeyPem());
    }

    /// <summary>From below the range that the system hands to outgoing connections, so that none takes it before the node does.</summary>
    private static int FreePort()
    {
        while (true)
        {
            var port = RandomNumberGenerator.GetInt32(20_000, 32_000);
            using var listener = new TcpListener(IPAddress.Loopback, port);
            try
            {
                listener.Start();
                return port;
            }
            catch (SocketException)
            {
                continue;
            }
        }
    }
}
