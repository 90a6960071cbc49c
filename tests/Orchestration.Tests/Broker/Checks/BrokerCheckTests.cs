using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using FlowPlatform.Orchestration.Broker;
using FlowPlatform.Orchestration.Broker.Checks;
using FlowPlatform.RabbitMQ.StreamProtocol;
using RabbitMQ.Client;
using RabbitMQ.Client.Events;
using RabbitMQ.Client.Exceptions;

namespace FlowPlatform.Orchestration.Tests.Broker.Checks;

/// <summary>Each way in which a broker that runs already can't be used has a message of its own, on a real node wherever that can be.</summary>
public sealed class BrokerCheckTests(RunningBroker running)
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_good_broker_tells_its_version()
    {
        var broker = await running.GetAsync();
        var facts = await BrokerCheck.OnceAsync(broker.AmqpUri, broker.StreamUri, Token);
        facts.Version.IsSupported.ShouldBeTrue();
        facts.Describe().ShouldStartWith($"RabbitMQ {facts.Version.Text} on Erlang/OTP");
    }

    [Fact]
    public async Task A_wrong_password_is_told_without_showing_it()
    {
        var broker = await running.GetAsync();
        var message = await FaultAsync(With(broker.AmqpUri, uri => uri.Password = "wrong-password"), broker.StreamUri);
        message.ShouldContain("refuses the user 'flow'");
        message.ShouldNotContain("wrong-password");
    }

    [Fact]
    public async Task A_wrong_user_for_streams_alone_is_told()
    {
        var broker = await running.GetAsync();
        var message = await FaultAsync(broker.AmqpUri, With(broker.StreamUri, uri => uri.UserName = "stranger"));
        message.ShouldContain("refuses the user 'stranger'");
        message.ShouldContain("ConnectionStrings__rabbitmq_stream");
    }

    [Fact]
    public async Task A_missing_virtual_host_is_told()
    {
        var broker = await running.GetAsync();
        (await FaultAsync(With(broker.AmqpUri, uri => uri.Path = "/elsewhere"), broker.StreamUri)).ShouldContain("has no virtual host 'elsewhere'. Create it (rabbitmqctl add_vhost)");
    }

    [Fact]
    public async Task A_closed_stream_port_is_told()
    {
        var broker = await running.GetAsync();
        var message = await FaultAsync(broker.AmqpUri, With(broker.StreamUri, uri => uri.Port = ClosedPort()));
        message.ShouldContain("The stream port of RabbitMQ");
        message.ShouldContain("rabbitmq-plugins enable rabbitmq_stream");
    }

    [Fact]
    public async Task Ports_that_were_mixed_up_are_told()
    {
        var broker = await running.GetAsync();
        var (amqp, stream) = (new Uri(broker.AmqpUri).Port, new Uri(broker.StreamUri).Port);
        (await FaultAsync(broker.AmqpUri, With(broker.StreamUri, uri => uri.Port = amqp))).ShouldContain("doesn't speak RabbitMQ's stream protocol");
        (await FaultAsync(With(broker.AmqpUri, uri => uri.Port = stream), broker.StreamUri)).ShouldContain("AMQP is at 5672 by default");
    }

    [Fact]
    public async Task Nobody_there_may_pass()
    {
        var fault = await Should.ThrowAsync<BrokerException>(() => BrokerCheck.OnceAsync($"amqp://a:b@127.0.0.1:{ClosedPort()}", "rabbitmq-stream://a:b@127.0.0.1:1", Token));
        fault.Message.ShouldContain("can't be reached");
        fault.Message.ShouldContain("connection refused");
        fault.MayPass.ShouldBeTrue();
    }

    [Fact]
    public async Task It_is_waited_for_while_it_may_pass()
    {
        var broker = await running.GetAsync();
        using var proxy = new LatePort(new Uri(broker.AmqpUri).Port);
        var lines = new Opening(proxy);
        var facts = await BrokerCheck.RunAsync(With(broker.AmqpUri, uri => uri.Port = proxy.Port), broker.StreamUri, TimeSpan.FromSeconds(60), lines, TimeProvider.System, Token);
        facts.Version.IsSupported.ShouldBeTrue();
        lines.Text!.ShouldContain("waiting up to 60 s");
    }

    [Fact]
    public async Task TLS_against_a_port_without_it_is_told()
    {
        var broker = await running.GetAsync();
        (await FaultAsync(broker.AmqpUri.Replace("amqp://", "amqps://", StringComparison.Ordinal), broker.StreamUri)).ShouldContain("doesn't speak TLS");
        (await FaultAsync(broker.AmqpUri, broker.StreamUri.Replace("rabbitmq-stream://", "rabbitmq-stream+tls://", StringComparison.Ordinal))).ShouldContain("doesn't speak TLS");
    }

    [Fact]
    public async Task A_certificate_that_nobody_vouches_for_is_told_and_a_TLS_port_without_TLS_is_told()
    {
        using var server = new TlsPort();
        (await FaultAsync($"amqps://a:b@127.0.0.1:{server.Port}", "rabbitmq-stream://a:b@127.0.0.1:1")).ShouldContain("its authority is not trusted");
        (await FaultAsync($"amqp://a:b@127.0.0.1:{server.Port}", "rabbitmq-stream://a:b@127.0.0.1:1")).ShouldContain("write amqps://");
    }

    [Fact]
    public async Task An_advertised_address_that_can_not_be_reached_is_told()
    {
        var broker = await running.GetAsync();
        var address = BrokerAddress.Stream(broker.StreamUri, BrokerAddress.Amqp(broker.AmqpUri));
        await BrokerCheck.CheckAdvertisedAsync(address, new StreamEndpoint("localhost", address.Port), Token);
        var fault = await Should.ThrowAsync<BrokerException>(() => BrokerCheck.CheckAdvertisedAsync(address, new StreamEndpoint("3f5c2a.invalid", 5552), Token));
        fault.Message.ShouldContain("sends stream clients on to 3f5c2a.invalid:5552");
        fault.Message.ShouldContain($"stream.advertised_port = {address.Port}");
    }

    [Theory]
    [InlineData("somewhere", "is no address")]
    [InlineData("http://a:b@host", "begins with http://")]
    [InlineData("amqp://host", "names no user and password")]
    [InlineData("amqp://a:b@3f5c2a.invalid", "The host '3f5c2a.invalid' of RabbitMQ is unknown")]
    public async Task An_address_that_is_none_is_told(string amqp, string fault) => (await FaultAsync(amqp, "rabbitmq-stream://a:b@host")).ShouldContain(fault);

    [Theory]
    [InlineData("3.10.8", true, "without stream statistics")]
    [InlineData("3.11.28", true, "without stream filters")]
    [InlineData("3.12.14", true, "without stream filters")]
    [InlineData("3.13.7", true, null)]
    [InlineData("4.0.5", true, null)]
    [InlineData("4.2.0-rc.1", true, null)]
    [InlineData("5.0.0", true, "newer than what was tested")]
    [InlineData("3.9.29", false, null)]
    [InlineData("3.8.2+1.g", false, null)]
    public void Versions_are_told_apart(string text, bool supported, string? remark)
    {
        var version = BrokerVersion.Parse(text)!;
        version.IsSupported.ShouldBe(supported);
        if (supported)
        {
            (version.Remark ?? "").ShouldContain(remark ?? "");
            (version.Remark is null).ShouldBe(remark is null);
        }
    }

    [Fact]
    public void What_is_too_old_or_something_else_is_refused()
    {
        var address = BrokerAddress.Amqp("amqp://a:b@host");
        Facts("RabbitMQ", "3.9.29").ShouldContain("is RabbitMQ 3.9.29; 3.10 or newer is needed");
        Facts("LavinMQ", "2.0.0").ShouldContain("is LavinMQ, not RabbitMQ");
        Facts("RabbitMQ", "?").ShouldContain("can't be read");

        string Facts(string product, string version) => Should.Throw<BrokerException>(() => BrokerCheck.Facts(address,
            new Dictionary<string, object?> { ["product"] = Encoding.UTF8.GetBytes(product), ["version"] = Encoding.UTF8.GetBytes(version) })).Message;
    }

    [Fact]
    public void A_user_who_may_not_enter_the_virtual_host_is_told()
    {
        var address = BrokerAddress.Amqp("amqp://reader:b@host/shop");
        var reply = new ShutdownEventArgs(ShutdownInitiator.Peer, 530, "NOT_ALLOWED - access to vhost 'shop' refused for user 'reader'");
        var message = BrokerCheck.AmqpFault(address, new OperationInterruptedException(reply)).Message;
        message.ShouldContain("keeps the user 'reader' out of the virtual host 'shop'");
        message.ShouldContain("rabbitmqctl set_permissions -p shop reader");
    }

    private static async Task<string> FaultAsync(string amqp, string stream) =>
        (await Should.ThrowAsync<BrokerException>(() => BrokerCheck.OnceAsync(amqp, stream, Token))).Message;

    private static string With(string uri, Action<UriBuilder> change)
    {
        var builder = new UriBuilder(uri);
        change(builder);
        return builder.Uri.AbsoluteUri;
    }

    /// <summary>One that the system has just given and taken back: it is not the next that it gives.</summary>
    private static int ClosedPort()
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return ((IPEndPoint)socket.LocalEndPoint!).Port;
    }

    /// <summary>Opens the port when the check says that it waits.</summary>
    private sealed class Opening(LatePort port) : IProgress<string>
    {
        public string? Text { get; private set; }

        public void Report(string value)
        {
            Text = value;
            port.Open();
        }
    }

    /// <summary>Refuses connections until it is opened, then hands them on.</summary>
    private sealed class LatePort : IDisposable
    {
        private readonly Socket listener = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        private readonly int target;

        public LatePort(int target)
        {
            this.target = target;
            listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        }

        public int Port => ((IPEndPoint)listener.LocalEndPoint!).Port;

        public void Open()
        {
            listener.Listen(10);
            _ = Task.Run(async () =>
            {
                while (true)
                {
                    var client = await listener.AcceptAsync();
                    var server = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
                    await server.ConnectAsync(new IPEndPoint(IPAddress.Loopback, target));
                    _ = PipeAsync(client, server);
                    _ = PipeAsync(server, client);
                }
            });
        }

        public void Dispose() => listener.Dispose();

        private static async Task PipeAsync(Socket from, Socket to)
        {
            await using var source = new NetworkStream(from, ownsSocket: true);
            await using var target = new NetworkStream(to, ownsSocket: false);
            await source.CopyToAsync(target);
            to.Shutdown(SocketShutdown.Send);
        }
    }

    /// <summary>A TLS server with a certificate of its own making.</summary>
    private sealed class TlsPort : IDisposable
    {
        private readonly TcpListener listener = new(IPAddress.Loopback, 0);
        private readonly X509Certificate2 certificate;

        public TlsPort()
        {
            using var key = RSA.Create(2048);
            var request = new CertificateRequest("CN=127.0.0.1", key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
            using var made = request.CreateSelfSigned(DateTimeOffset.UnixEpoch, DateTimeOffset.UnixEpoch.AddYears(200));
            certificate = X509CertificateLoader.LoadPkcs12(made.Export(X509ContentType.Pkcs12), null);
            listener.Start();
            _ = Task.Run(ServeAsync);
        }

        public int Port => ((IPEndPoint)listener.LocalEndpoint).Port;

        public void Dispose()
        {
            listener.Dispose();
            certificate.Dispose();
        }

        private async Task ServeAsync()
        {
            while (true)
            {
                using var client = await listener.AcceptTcpClientAsync();
                await using var tls = new SslStream(client.GetStream());
                try
                {
                    await tls.AuthenticateAsServerAsync(certificate);
                }
                catch (Exception e) when (e is System.Security.Authentication.AuthenticationException or IOException)
                {
                    // The client went away, as it should.
                }
            }
        }
    }
}
