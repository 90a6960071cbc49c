using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Text;

namespace FlowPlatform.RabbitMQ.StreamProtocol;

// From the socket to the virtual host: TLS, who we are, limits, versions.
public sealed partial class StreamConnection
{
    // The specification lets brokers hold clients that are not in yet to 8,192 bytes; a broker that allows less later is none.
    private const int SmallestFrameMax = 8192;
    private static readonly Version CommandVersionsSince = new(3, 11);
    private static readonly Version ExternalSince = new(3, 12, 1);
    private readonly TaskCompletionSource<(uint FrameMax, uint Heartbeat)> tune = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private IReadOnlyDictionary<StreamCommand, ushort> commandVersions = new Dictionary<StreamCommand, ushort>();

    /// <summary>Whether the broker knows a command: by its own list from 3.11 on, else by its version.</summary>
    public bool Supports(StreamCommand command) => commandVersions.Count > 0 ? commandVersions.ContainsKey(command) : command <= StreamCommand.Partitions;

    private static async Task<Socket> OpenSocketAsync(StreamEndpoint endpoint, CancellationToken cancellationToken)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(endpoint.Host, endpoint.Port, cancellationToken);
            return socket;
        }
        catch (ArgumentException e)
        {
            // What a node says of itself may be no host name at all.
            socket.Dispose();
            throw new StreamConnectionException($"{endpoint} can't be reached: {e.Message}", e);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    private static async Task<Stream> OpenTransportAsync(Socket socket, StreamConnectionOptions options, CancellationToken cancellationToken)
    {
        var plain = new NetworkStream(socket, ownsSocket: true);
        if (options.Tls is not { } tls)
        {
            return plain;
        }

        var secure = new SslStream(plain);
        try
        {
            await secure.AuthenticateAsClientAsync(tls.ForHost(options.Endpoint.Host), cancellationToken);
            return secure;
        }
        catch (Exception e) when (e is AuthenticationException or IOException)
        {
            await secure.DisposeAsync();
            throw new StreamTlsException($"TLS with {options.Endpoint} (expected name: {tls.ServerName ?? options.Endpoint.Host}) failed: {e.Message}", e);
        }
        catch
        {
            await secure.DisposeAsync();
            throw;
        }
    }

    private static void Check(StreamConnectionOptions options)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(options.Heartbeat, TimeSpan.FromSeconds(1));
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(options.ConnectTimeout, TimeSpan.Zero);
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(options.RequestTimeout, TimeSpan.Zero);
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(options.FrameTimeout, TimeSpan.Zero);
        ArgumentOutOfRangeException.ThrowIfLessThan(options.MaxFrameBytes, SmallestFrameMax);
        ArgumentOutOfRangeException.ThrowIfLessThan(options.MaxDeliverBytes, SmallestFrameMax);
        ArgumentOutOfRangeException.ThrowIfNegative(options.MaxUncompressedBytes);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(options.MaxUncompressedBytes, Array.MaxLength);
        if (options.Mechanism == SaslMechanism.External && options.Tls?.ClientCertificate is null)
        {
            throw new ArgumentException("EXTERNAL authentication is by the TLS client certificate, and there is none.", nameof(options));
        }

        if (options.Mechanism == SaslMechanism.Plain && options.User.Length == 0)
        {
            throw new ArgumentException("PLAIN authentication needs a user. There is no default user.", nameof(options));
        }
    }

    private static Version? ParseVersion(string? text) =>
        Version.TryParse(string.Concat((text ?? string.Empty).TakeWhile(c => char.IsAsciiDigit(c) || c == '.')), out var version) ? version : null;

    private async Task NegotiateAsync(CancellationToken cancellationToken)
    {
        var ours = new Dictionary<string, string>
        {
            ["product"] = "FlowPlatform",
            ["platform"] = ".NET",
            ["version"] = typeof(StreamConnection).Assembly.GetName().Version?.ToString(3) ?? "0",
            ["connection_name"] = options.ConnectionName,
        };
        PeerProperties = await RequestAsync(
            StreamCommand.PeerProperties, options.ConnectionName, frame => frame.Map(ours), static (ref reader) => reader.Map(), options.RequestTimeout, cancellationToken);
        PeerVersion = ParseVersion(PeerProperties.GetValueOrDefault("version"));
        await AuthenticateAsync(cancellationToken);
        await TuneAsync(cancellationToken);
        var properties = await RequestAsync(
            StreamCommand.Open,
            options.VirtualHost,
            frame => frame.String(options.VirtualHost),
            static (ref reader) => reader.Rest.IsEmpty ? [] : reader.Map(),
            options.RequestTimeout,
            cancellationToken);
        if (properties.TryGetValue("advertised_host", out var host) && ushort.TryParse(properties.GetValueOrDefault("advertised_port"), out var port))
        {
            AdvertisedEndpoint = new StreamEndpoint(host, port);
        }

        // Older brokers answer it by closing the connection.
        if (PeerVersion >= CommandVersionsSince)
        {
            commandVersions = await ExchangeVersionsAsync(cancellationToken);
        }
    }

    private async Task AuthenticateAsync(CancellationToken cancellationToken)
    {
        var mechanisms = await RequestAsync(
            StreamCommand.SaslHandshake, options.User, static _ => { }, static (ref reader) => reader.Strings(), options.RequestTimeout, cancellationToken);
        var wanted = options.Mechanism == SaslMechanism.External ? "EXTERNAL" : "PLAIN";
        if (!mechanisms.Contains(wanted))
        {
            var cure = options.Mechanism == SaslMechanism.External ? " It needs the plugin rabbitmq_auth_mechanism_ssl and auth_mechanisms." : string.Empty;
            throw new StreamConnectionException($"{Endpoint} doesn't offer {wanted} authentication, only {string.Join(", ", mechanisms)}.{cure}");
        }

        if (options.Mechanism == SaslMechanism.Plain)
        {
            await SendSaslAsync(wanted, options.User, Encoding.UTF8.GetBytes($"\0{options.User}\0{options.Password}"), cancellationToken);
            return;
        }

        try
        {
            // Empty: the broker has the certificate.
            await SendSaslAsync(wanted, options.Tls!.ClientCertificate!.Subject, [], cancellationToken);
        }
        catch (StreamConnectionException e) when (PeerVersion < ExternalSince)
        {
            // Older ones crash on it (rabbitmq-server, pull request 8488; some late patch releases of 3.10 and 3.11 have the cure).
            throw new StreamNotSupportedException("EXTERNAL authentication on the stream protocol", ExternalSince, PeerVersion, e);
        }
    }

    private Task<bool> SendSaslAsync(string mechanism, string subject, byte[] secret, CancellationToken cancellationToken) =>
        RequestAsync(
            StreamCommand.SaslAuthenticate,
            subject,
            frame =>
            {
                frame.String(mechanism);
                frame.UInt32((uint)secret.Length);
                secret.CopyTo(frame.Reserve(secret.Length));
            },
            cancellationToken);

    private async Task TuneAsync(CancellationToken cancellationToken)
    {
        // The broker proposes right after it has let the user in; if it hangs up instead, that is the answer.
        await Task.WhenAny(tune.Task, Closed).WaitAsync(cancellationToken);
        ThrowIfClosed();
        var (frameMax, heartbeat) = await tune.Task;
        if (frameMax is > 0 and < SmallestFrameMax)
        {
            throw new StreamProtocolException($"{Endpoint} allows frames of {frameMax:N0} bytes; {SmallestFrameMax:N0} are needed.");
        }

        var ours = (uint)options.Heartbeat.TotalSeconds;
        var agreed = heartbeat == 0 ? ours : Math.Min(heartbeat, ours);
        using var frame = new FrameBuffer(StreamCommand.Tune, 16);
        frame.UInt32(frameMax);
        frame.UInt32(agreed);
        await WriteAsync(frame, cancellationToken);
        FrameMax = frameMax is 0 or > int.MaxValue ? int.MaxValue : (int)frameMax;
        Heartbeat = TimeSpan.FromSeconds(agreed);
    }

    private Task<IReadOnlyDictionary<StreamCommand, ushort>> ExchangeVersionsAsync(CancellationToken cancellationToken) =>
        RequestAsync(
            StreamCommand.ExchangeCommandVersions,
            "ours",
            static frame =>
            {
                var commands = Enum.GetValues<StreamCommand>().Where(command => command != StreamCommand.ConsumerUpdate).ToList();
                frame.UInt32((uint)commands.Count);
                foreach (var command in commands)
                {
                    frame.UInt16((ushort)command);
                    frame.UInt16(1);
                    frame.UInt16((ushort)(command == StreamCommand.Deliver ? 2 : 1));
                }
            },
            ReadVersions,
            options.RequestTimeout,
            cancellationToken);

    internal static IReadOnlyDictionary<StreamCommand, ushort> ReadVersions(ref FrameReader reader)
    {
        var versions = new Dictionary<StreamCommand, ushort>();
        for (var left = reader.Count(3 * sizeof(ushort)); left > 0; left--)
        {
            var command = (StreamCommand)reader.UInt16();
            var lowest = reader.UInt16();
            var highest = reader.UInt16();
            if (lowest <= 1 && highest >= 1)
            {
                versions[command] = highest;
            }
        }

        return versions;
    }
}
