using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using FlowPlatform.RabbitMQ.StreamProtocol;
using FlowPlatform.Tests.Support;

namespace FlowPlatform.RabbitMQ.Tests.Tls;

/// <summary>Which certificates of a broker are taken. The listener behind them says nothing: a connection that gets past TLS ends for another reason.</summary>
public sealed class CertificateTests : IDisposable
{
    private readonly TestAuthority authority = new();
    private readonly TestAuthority stranger = new("Test authority");

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        authority.Dispose();
        stranger.Dispose();
    }

    [Fact]
    public async Task A_certificate_of_the_trusted_authority_with_the_right_name_is_taken()
    {
        using var sound = authority.IssueServer();
        (await ConnectAsync(sound, new TlsOptions { TrustedRoots = authority.Roots })).ShouldBeOfType<StreamConnectionException>().Message.ShouldContain("closed the connection");
        using var named = authority.IssueServer("broker.example");
        (await ConnectAsync(named, new TlsOptions { TrustedRoots = authority.Roots, ServerName = "broker.example" })).ShouldBeOfType<StreamConnectionException>();
    }

    [Theory]
    [InlineData("expired")]
    [InlineData("for clients")]
    [InlineData("of another name")]
    [InlineData("of another authority")]
    [InlineData("self-made")]
    public async Task Any_other_certificate_is_refused(string fault)
    {
        using var certificate = fault switch
        {
            "expired" => authority.IssueServer(expired: true),
            "for clients" => authority.IssueServer(forClients: true),
            "of another name" => authority.IssueServer("elsewhere.example"),
            _ => stranger.IssueServer(),
        };
        var tls = fault == "self-made" ? new TlsOptions() : new TlsOptions { TrustedRoots = authority.Roots };
        (await ConnectAsync(certificate, tls)).ShouldBeOfType<StreamTlsException>().Message.ShouldContain("expected name: localhost");
        Check(certificate, tls).ShouldBeFalse("the same goes for AMQP");
    }

    [Fact]
    public void The_check_for_AMQP_takes_what_the_other_takes()
    {
        using var sound = authority.IssueServer();
        var tls = new TlsOptions { TrustedRoots = authority.Roots };
        Check(sound, tls).ShouldBeTrue();
        tls.IsTrusted(null, null, SslPolicyErrors.None).ShouldBeFalse();
        tls.IsTrusted(sound, null, SslPolicyErrors.RemoteCertificateNameMismatch).ShouldBeFalse();
        new TlsOptions().IsTrusted(sound, null, SslPolicyErrors.RemoteCertificateChainErrors).ShouldBeFalse();
        new TlsOptions().IsTrusted(sound, null, SslPolicyErrors.None).ShouldBeTrue("the system trusts it");
    }

    [Fact]
    public async Task TLS_that_never_answers_is_given_up_in_time()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var time = new ManualTime();
        var connecting = StreamConnection.ConnectAsync(Options(listener, new TlsOptions(), time), Token);
        using var socket = await listener.AcceptSocketAsync(Token);
        (await Should.ThrowAsync<StreamConnectionException>(() => time.PassUntilAsync(connecting))).Message.ShouldContain("within 10 s");
        var closed = await socket.ReceiveAsync(new byte[4096], Token);
        while (closed > 0)
        {
            closed = await socket.ReceiveAsync(new byte[4096], Token);
        }
    }

    [Fact]
    public async Task Something_without_TLS_is_told()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var connecting = StreamConnection.ConnectAsync(Options(listener, new TlsOptions(), TimeProvider.System), Token);
        using (var socket = await listener.AcceptSocketAsync(Token))
        {
            await socket.SendAsync("HTTP/1.1 400 Bad Request\r\n\r\n"u8.ToArray(), Token);
            await Should.ThrowAsync<StreamTlsException>(() => connecting);
        }
    }

    [Fact]
    public void Files_that_hold_something_else_are_named()
    {
        using var directory = new TemporaryDirectory();
        var file = Path.Combine(directory.Path, "some.pem");
        Should.Throw<ArgumentException>(() => TlsOptions.FromFiles(file)).Message.ShouldContain(file);
        File.WriteAllText(file, "no certificate");
        Should.Throw<ArgumentException>(() => TlsOptions.FromFiles(file)).Message.ShouldContain("holds no certificate");
        File.WriteAllText(file, authority.Pem);
        Should.Throw<ArgumentException>(() => TlsOptions.FromFiles(file, file)).Message.ShouldContain("The key of");
        Should.Throw<ArgumentException>(() => TlsOptions.FromFiles(null, null, file)).Message.ShouldContain("without its certificate");
        TlsOptions.FromFiles(file).TrustedRoots!.Count.ShouldBe(1);
    }

    private static bool Check(X509Certificate2 certificate, TlsOptions tls)
    {
        // What a client that checks by the system's trust alone finds.
        using var chain = new X509Chain();
        var errors = chain.Build(certificate) ? SslPolicyErrors.None : SslPolicyErrors.RemoteCertificateChainErrors;
        errors |= certificate.MatchesHostname("localhost") ? SslPolicyErrors.None : SslPolicyErrors.RemoteCertificateNameMismatch;
        return tls.IsTrusted(certificate, chain, errors);
    }

    private static StreamConnectionOptions Options(TcpListener listener, TlsOptions tls, TimeProvider time) => new()
    {
        Endpoint = new StreamEndpoint("localhost", ((IPEndPoint)listener.LocalEndpoint).Port),
        User = "u",
        Tls = tls,
        TimeProvider = time,
    };

    /// <summary>How a connection to a listener with this certificate fails.</summary>
    private static async Task<Exception> ConnectAsync(X509Certificate2 certificate, TlsOptions tls)
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var connecting = StreamConnection.ConnectAsync(Options(listener, tls, TimeProvider.System), Token);
        using (var socket = await listener.AcceptSocketAsync(Token))
        {
            await using var server = new SslStream(new NetworkStream(socket, ownsSocket: false));
            try
            {
                await server.AuthenticateAsServerAsync(certificate);
                (await server.ReadAsync(new byte[64], Token)).ShouldBeGreaterThanOrEqualTo(0);
            }
            catch (Exception e) when (e is AuthenticationException or IOException)
            {
                TestContext.Current.SendDiagnosticMessage($"The client hung up: {e.Message}");
            }
        }

        return await Should.ThrowAsync<Exception>(() => connecting);
    }
}
