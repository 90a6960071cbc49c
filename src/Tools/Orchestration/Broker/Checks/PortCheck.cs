using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using FlowPlatform.RabbitMQ.StreamProtocol;

namespace FlowPlatform.Orchestration.Broker.Checks;

/// <summary>Whether something answers at an address, before a client tries to speak with it: clients tell such faults apart less well.</summary>
internal static class PortCheck
{
    private static readonly byte[] AmqpHello = [(byte)'A', (byte)'M', (byte)'Q', (byte)'P', 0, 0, 9, 1];
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(5);

    /// <summary>Connects and, with TLS, checks the certificate.</summary>
    /// <param name="what">Who should be there, like <c>RabbitMQ</c>.</param>
    /// <param name="cure">What to do when nobody listens.</param>
    public static async Task ConnectAsync(BrokerAddress address, string what, string cure, CancellationToken cancellationToken)
    {
        using var socket = await OpenAsync(address.Host, address.Port, what, cure, cancellationToken);
        if (address.Tls is { } options)
        {
            await HandshakeAsync(socket, address, options, what, cancellationToken);
        }
    }

    /// <summary>Without TLS, a broker answers an AMQP hello with a frame, at once.</summary>
    public static async Task SpeaksAmqpAsync(BrokerAddress address, string cure, CancellationToken cancellationToken)
    {
        const byte MethodFrame = 1;
        using var socket = await OpenAsync(address.Host, address.Port, "RabbitMQ", cure, cancellationToken);
        using var limit = Limited(cancellationToken);
        var answer = new byte[1];
        var read = 0;
        try
        {
            await socket.SendAsync(AmqpHello, limit.Token);
            read = await socket.ReceiveAsync(answer, limit.Token);
        }
        catch (SocketException)
        {
            // The same as an end without an answer.
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new BrokerException($"What listens at {address} accepts connections but doesn't answer AMQP within {Limit.TotalSeconds:0} s: " +
                "it is no RabbitMQ, or one that is starting or out of resources (see its log).")
            { MayPass = true };
        }
        if (read == 0 || answer[0] != MethodFrame)
        {
            throw new BrokerException($"What listens at {address} is no AMQP port without TLS. Is it the port for TLS (then write amqps://), " +
                "the stream port (5552) or the management UI (15672)? AMQP is at 5672 by default.")
            { MayPass = read == 0 };
        }
    }

    private static async Task<Socket> OpenAsync(string host, int port, string what, string cure, CancellationToken cancellationToken)
    {
        using var limit = Limited(cancellationToken);
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            var addresses = await Dns.GetHostAddressesAsync(host, limit.Token);
            await socket.ConnectAsync(addresses, port, limit.Token);
            return socket;
        }
        catch (SocketException e)
        {
            socket.Dispose();
            throw e.SocketErrorCode is SocketError.HostNotFound or SocketError.NoData or SocketError.TryAgain
                ? new BrokerException($"The host '{host}' of {what} is unknown. Check its name in the address.", e)
                : new BrokerException($"{what} can't be reached at {host}:{port} ({Reason(e)}). {cure}", e) { MayPass = true };
        }
        catch (OperationCanceledException e) when (!cancellationToken.IsCancellationRequested)
        {
            socket.Dispose();
            throw new BrokerException($"{what} can't be reached at {host}:{port} (no answer within {Limit.TotalSeconds:0} s). {cure}", e) { MayPass = true };
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    private static async Task HandshakeAsync(Socket socket, BrokerAddress address, TlsOptions options, string what, CancellationToken cancellationToken)
    {
        var faults = SslPolicyErrors.None;
        using var limit = Limited(cancellationToken);
        using var tls = new SslStream(new NetworkStream(socket, ownsSocket: false));
        try
        {
            await tls.AuthenticateAsClientAsync(new SslClientAuthenticationOptions
            {
                TargetHost = options.ServerName ?? address.Host,
                ClientCertificates = options.ClientCertificate is { } own ? [own] : null,
                RemoteCertificateValidationCallback = (_, certificate, chain, errors) =>
                {
                    var trusted = options.IsTrusted(certificate, chain, errors);
                    faults = trusted ? SslPolicyErrors.None : errors == SslPolicyErrors.None ? SslPolicyErrors.RemoteCertificateChainErrors : errors;
                    return trusted;
                },
            }, limit.Token);
        }
        catch (AuthenticationException e) when (faults != SslPolicyErrors.None)
        {
            throw new BrokerException($"The TLS certificate of {what} at {address} is not accepted ({Describe(faults, address.Host)}). " +
                "Use the name that it was issued for, and trust its authority (?cacertfile=FILE in the address, or SSL_CERT_FILE on Linux).", e);
        }
        catch (Exception e) when (e is AuthenticationException or IOException)
        {
            throw new BrokerException($"What listens at {address} doesn't speak TLS as asked for ({e.Message}). Is it the port without TLS? Then write the address without the s or +tls.", e);
        }
        catch (OperationCanceledException e) when (!cancellationToken.IsCancellationRequested)
        {
            throw new BrokerException($"{what} at {address} doesn't answer the TLS handshake within {Limit.TotalSeconds:0} s. Is it the port without TLS?", e) { MayPass = true };
        }
    }

    private static string Describe(SslPolicyErrors errors, string host) => string.Join(", ", new[]
    {
        errors.HasFlag(SslPolicyErrors.RemoteCertificateNotAvailable) ? "there is none" : null,
        errors.HasFlag(SslPolicyErrors.RemoteCertificateNameMismatch) ? $"it is not for '{host}'" : null,
        errors.HasFlag(SslPolicyErrors.RemoteCertificateChainErrors) ? "its authority is not trusted, or it has expired" : null,
    }.Where(text => text is not null));

    private static string Reason(SocketException e) => e.SocketErrorCode switch
    {
        SocketError.ConnectionRefused => "connection refused",
        SocketError.HostUnreachable or SocketError.NetworkUnreachable => "no route to it",
        SocketError.TimedOut => "no answer",
        _ => e.Message,
    };

    private static CancellationTokenSource Limited(CancellationToken cancellationToken)
    {
        var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(Limit);
        return limit;
    }
}
