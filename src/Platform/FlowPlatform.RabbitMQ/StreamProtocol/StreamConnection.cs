using System.Collections.Concurrent;
using System.Globalization;
using System.IO.Pipelines;
using System.Net.Sockets;

namespace FlowPlatform.RabbitMQ.StreamProtocol;

/// <summary>
/// One connection to a broker node by RabbitMQ's stream protocol, version 1 of
/// <see href="https://github.com/rabbitmq/rabbitmq-server/blob/main/deps/rabbitmq_stream/docs/PROTOCOL.adoc">its specification</see>. Safe for concurrent use. Every wait has a time limit; whatever breaks the protocol closes it.
/// It doesn't reconnect: once closed, it stays so, and <see cref="CloseReason"/> says why. Don't publish and consume on the same connection: a broker that throttles
/// the publishing stops reading, and everything else on the connection waits with it.
/// </summary>
public sealed partial class StreamConnection : IAsyncDisposable
{
    private readonly StreamConnectionOptions options;
    private readonly TimeProvider time;
    private readonly Unpacker unpacker;
    private readonly Socket socket;
    private readonly Stream transport;
    private readonly PipeReader input;
    private readonly SemaphoreSlim writeLock = new(1, 1);
    private readonly CancellationTokenSource stopMonitor = new();
    private readonly TaskCompletionSource closed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly ConcurrentDictionary<uint, PendingResponse> pending = new();
    private readonly StreamPublisher?[] publishers = new StreamPublisher?[256];
    private readonly StreamSubscription?[] subscriptions = new StreamSubscription?[256];
    private Task readLoop = Task.CompletedTask;
    private Task monitor = Task.CompletedTask;
    private Task heartbeat = Task.CompletedTask;
    private Exception? closeReason;
    private uint lastCorrelation;
    private long lastReceived;
    private long lastSent;
    private long writeStarted;
    private long frameStarted;

    private StreamConnection(StreamConnectionOptions options, Socket socket, Stream transport)
    {
        this.options = options;
        time = options.TimeProvider;
        unpacker = new Unpacker(options.MaxUncompressedBytes, options.Codecs, options.Pool);
        this.socket = socket;
        this.transport = transport;
        input = PipeReader.Create(transport, new StreamPipeReaderOptions(bufferSize: 64 * 1024, leaveOpen: true));
        lastReceived = lastSent = time.GetTimestamp();
    }

    /// <summary>The node as it was addressed.</summary>
    public StreamEndpoint Endpoint => options.Endpoint;

    /// <summary>What the broker calls itself: product, version, platform and so on.</summary>
    public IReadOnlyDictionary<string, string> PeerProperties { get; private set; } = new Dictionary<string, string>();

    /// <summary>The broker's version; null if it doesn't say.</summary>
    public Version? PeerVersion { get; private set; }

    /// <summary>Where the node says that it listens; null if it doesn't.</summary>
    public StreamEndpoint? AdvertisedEndpoint { get; private set; }

    /// <summary>Largest frame that may be sent, in bytes with its size prefix; <see cref="int.MaxValue"/> if there is no limit.</summary>
    public int FrameMax { get; private set; }

    /// <summary>Agreed heartbeat; zero if off.</summary>
    public TimeSpan Heartbeat { get; private set; }

    /// <summary>Completes, without an error, when the connection has ended.</summary>
    public Task Closed => closed.Task;

    /// <summary>Why the connection ended; null while it is open.</summary>
    public Exception? CloseReason => Volatile.Read(ref closeReason);

    /// <summary>Connects, secures the connection if told to, authenticates and enters the virtual host.</summary>
    /// <exception cref="StreamConnectionException">The node can't be reached, or not in time.</exception>
    /// <exception cref="StreamTlsException">TLS was asked for and failed.</exception>
    /// <exception cref="StreamResponseException">It refused the user or the virtual host.</exception>
    /// <exception cref="StreamProtocolException">Whatever listens there doesn't speak the protocol.</exception>
    public static async Task<StreamConnection> ConnectAsync(StreamConnectionOptions options, CancellationToken cancellationToken)
    {
        Check(options);
        using var limit = new CancellationTokenSource(options.ConnectTimeout, options.TimeProvider);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        StreamConnection? connection = null;
        var opened = false;
        try
        {
            var socket = await OpenSocketAsync(options.Endpoint, either.Token);
            connection = new StreamConnection(options, socket, await OpenTransportAsync(socket, options, either.Token));
            connection.readLoop = Task.Run(connection.ReadLoopAsync, CancellationToken.None);
            connection.monitor = Task.Run(connection.MonitorAsync, CancellationToken.None);
            await connection.NegotiateAsync(either.Token);
            opened = true;
            return connection;
        }
        catch (SocketException e)
        {
            throw new StreamConnectionException($"{options.Endpoint} can't be reached: {e.Message}", e);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new StreamConnectionException($"{options.Endpoint} didn't let us in within {options.ConnectTimeout.TotalSeconds:0.#} s.");
        }
        finally
        {
            if (!opened && connection is not null)
            {
                connection.Abort(new StreamConnectionException($"{options.Endpoint}: the connection was not established."));
                await connection.DisposeAsync();
            }
        }
    }

    /// <summary>Ends the connection at once, without a goodbye.</summary>
    /// <param name="reason">What publishers, subscriptions and waiting requests are told, unless it had ended before.</param>
    public void Abort(Exception reason)
    {
        if (Interlocked.CompareExchange(ref closeReason, reason, null) is null)
        {
            // Ends the read loop, which tells everybody. The socket, not what lies above it: TLS is in use by others now.
            socket.Dispose();
        }
    }

    /// <summary>Says goodbye to the broker, with a limit of 2 s for its answer, and ends the connection. Safe to call twice.</summary>
    public async ValueTask DisposeAsync()
    {
        if (CloseReason is null)
        {
            await SayGoodbyeAsync();
        }

        Abort(new StreamConnectionException($"{Endpoint}: the connection was closed here."));
        await stopMonitor.CancelAsync();
        await Task.WhenAll(readLoop, monitor);
        await heartbeat;
        await closed.Task;
        await transport.DisposeAsync();
    }

    private async Task SayGoodbyeAsync()
    {
        try
        {
            await RequestAsync(
                StreamCommand.Close,
                string.Empty,
                frame =>
                {
                    frame.UInt16((ushort)StreamResponseCode.Ok);
                    frame.String("done");
                },
                static (ref _) => true,
                TimeSpan.FromSeconds(2),
                CancellationToken.None);
        }
        catch (Exception e) when (e is StreamConnectionException or StreamProtocolException or StreamResponseException)
        {
            // The end is what was wanted; a broker that is gone can't answer.
            Abort(e);
        }
    }

    private void ThrowIfClosed()
    {
        if (CloseReason is { } reason)
        {
            throw new StreamConnectionException($"{Endpoint}: the connection has ended. {reason.Message}", reason);
        }
    }

    private async Task MonitorAsync()
    {
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(250), time);
        try
        {
            while (await timer.WaitForNextTickAsync(stopMonitor.Token) && CloseReason is null)
            {
                var started = Volatile.Read(ref writeStarted);
                if (started != 0 && time.GetElapsedTime(started) > options.RequestTimeout)
                {
                    Abort(new StreamConnectionException(
                        $"{Endpoint} has taken no data for {options.RequestTimeout.TotalSeconds:0.#} s. A broker with a disk alarm does that: see its log."));
                }
                else if (Volatile.Read(ref frameStarted) is > 0 and var begun && time.GetElapsedTime(begun) > options.FrameTimeout)
                {
                    Abort(new StreamProtocolException(
                        $"{Endpoint} has sent the beginning of a frame, and not the rest within {options.FrameTimeout.TotalSeconds:0.#} s."));
                }
                else if (Heartbeat > TimeSpan.Zero)
                {
                    Beat();
                }
            }
        }
        catch (OperationCanceledException) when (stopMonitor.IsCancellationRequested)
        {
            return;
        }
    }

    private void Beat()
    {
        var silence = time.GetElapsedTime(Volatile.Read(ref lastReceived));
        if (silence > 2 * Heartbeat)
        {
            Abort(new StreamConnectionException(string.Create(
                CultureInfo.InvariantCulture, $"{Endpoint} has been silent for {silence.TotalSeconds:0.#} s, with a heartbeat of {Heartbeat.TotalSeconds:0} s.")));
        }
        else if (heartbeat.IsCompleted && time.GetElapsedTime(Volatile.Read(ref lastSent)) > Heartbeat / 2)
        {
            // Not awaited: the monitor must be able to see that this very write is stuck.
            heartbeat = SendHeartbeatAsync();
        }
    }

    private async Task SendHeartbeatAsync()
    {
        using var frame = new FrameBuffer(StreamCommand.Heartbeat, 16);
        try
        {
            await WriteAsync(frame, CancellationToken.None);
        }
        catch (StreamConnectionException e)
        {
            Abort(e);
        }
    }
}
