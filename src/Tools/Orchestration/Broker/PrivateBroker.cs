using System.Globalization;
using FlowPlatform.Orchestration.Processes;

namespace FlowPlatform.Orchestration.Broker;

/// <summary>
/// A RabbitMQ node of our own: own ports on loopback, data, cookie, node name, port mapper and user; guest doesn't exist. It needs nothing
/// installed and no root, and dies with this process, also when that is killed (on Linux; elsewhere the next start on the same data sweeps it).
/// Safe for concurrent use.
/// </summary>
public sealed class PrivateBroker : IAsyncDisposable
{
    private const int OutputLinesMax = 2_000;
    private const int PortAttemptsMax = 3;
    private const long FreeBytesMin = 300L << 20;
    private static readonly TimeSpan ReadinessInterval = TimeSpan.FromMilliseconds(100);

    private readonly PrivateBrokerOptions options;
    private readonly FileLock held;
    private readonly ProcessJournal journal;
    private readonly OutputBuffer output = new(OutputLinesMax);
    private PortMapper? epmd;
    private ChildProcess? node;
    private int stopped;

    private PrivateBroker(PrivateBrokerOptions options, FileLock held)
    {
        this.options = options;
        this.held = held;
        journal = new ProcessJournal(Path.Combine(options.DataDirectory, "processes"));
    }

    /// <summary><c>amqp://user:password@127.0.0.1:port</c>. Holds a secret: don't log it.</summary>
    public string AmqpUri { get; private set; } = "";

    /// <summary><c>rabbitmq-stream://user:password@127.0.0.1:port</c>. Holds a secret: don't log it.</summary>
    public string StreamUri { get; private set; } = "";

    /// <summary>The AMQP port on 127.0.0.1.</summary>
    public int AmqpPort { get; private set; }

    /// <summary>The stream protocol's port on 127.0.0.1.</summary>
    public int StreamPort { get; private set; }

    /// <summary>The generated or given password.</summary>
    public string Password { get; private set; } = "";

    /// <summary>The pid of the Erlang VM.</summary>
    public int ProcessId => node!.ProcessId;

    /// <summary>Completes with the exit code when the node has ended, wanted or not.</summary>
    public Task<int> Exited => node!.Exited;

    /// <summary>Gets a broker (see <see cref="BrokerLocator"/>), starts a node and waits until both of its ports answer.</summary>
    /// <param name="options">Where and how.</param>
    /// <param name="progress">What is being done, in lines for a user.</param>
    /// <param name="cancellationToken">Stops the attempt and whatever was started.</param>
    /// <exception cref="BrokerException">No broker to be had, a port is taken, no disk space, the node ended or wasn't ready in time.</exception>
    public static async Task<PrivateBroker> StartAsync(PrivateBrokerOptions options, IProgress<string>? progress, CancellationToken cancellationToken)
    {
        options = options with { DataDirectory = Path.GetFullPath(options.DataDirectory) };
        ClusterLayout.RefuseCluster(options.DataDirectory);
        CheckDataDirectory(options.DataDirectory, FreeBytesMin);
        var installation = options.Installation ?? await BrokerLocator.LocateAsync(options.Source, progress, cancellationToken);
        var held = FileLock.TryAcquire(Path.Combine(options.DataDirectory, "node.lock"))
            ?? throw new BrokerException($"Another process runs a broker on {options.DataDirectory}. Stop it, or choose another data directory.");
        var broker = new PrivateBroker(options, held);
        try
        {
            broker.journal.Sweep();
            await broker.StartWithFreePortsAsync(installation, cancellationToken);
            return broker;
        }
        catch
        {
            await broker.StopAsync(TimeSpan.Zero); // it served nobody yet
            throw;
        }
    }

    /// <summary>Stops the node: SIGTERM, after <see cref="PrivateBrokerOptions.StopLimit"/> SIGKILL. The data stays.</summary>
    public ValueTask DisposeAsync() => new(StopAsync(options.StopLimit));

    internal async Task StopAsync(TimeSpan grace)
    {
        if (Interlocked.Exchange(ref stopped, 1) == 0)
        {
            await EndProcessesAsync(grace);
            held.Dispose();
        }
    }

    /// <summary>Kills the node at once, as a power cut would. The data stays.</summary>
    public void Kill() => node?.Kill();

    internal static void CheckDataDirectory(string folder, long freeBytesMin)
    {
        try
        {
            PrivateFile.CreateFolder(folder);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new BrokerException($"The broker's data directory {folder} can't be created: {e.Message}", e);
        }
        var free = new DriveInfo(folder).AvailableFreeSpace;
        if (free < freeBytesMin)
        {
            throw new BrokerException(string.Create(CultureInfo.InvariantCulture,
                $"The broker needs {freeBytesMin >> 20} MB of free disk below {folder}, there are {free >> 20} MB. Free some, or choose another --data."));
        }
    }

    /// <summary>Ports that we chose may be taken by another between the look and the node's bind: then choose again.</summary>
    private async Task StartWithFreePortsAsync(BrokerInstallation installation, CancellationToken cancellationToken)
    {
        var secrets = options.Member?.Secrets ?? NodeSecrets.LoadOrCreate(options.DataDirectory, options.User, options.Password);
        Password = secrets.Password;
        NodeLayout.RemoveUnfinishedDatabase(options.DataDirectory);
        for (var attempt = 1; ; attempt++)
        {
            var ports = NodePorts.Choose(options);
            var layout = new NodeLayout(options.DataDirectory, secrets, ports, installation, options);
            layout.Write();
            (AmqpPort, StreamPort) = (ports.Amqp, ports.Stream);
            AmqpUri = $"amqp://{secrets.User}:{secrets.Password}@127.0.0.1:{ports.Amqp}";
            StreamUri = $"rabbitmq-stream://{secrets.User}:{secrets.Password}@127.0.0.1:{ports.Stream}";
            await SpawnAsync(installation, layout, ports, cancellationToken);
            if (await WaitUntilReadyAsync(ports, cancellationToken))
            {
                NodeLayout.MarkDatabaseFinished(options.DataDirectory);
                return;
            }
            var text = output.Tail(15);
            await EndProcessesAsync(TimeSpan.Zero);
            if (attempt == PortAttemptsMax || !text.Contains("eaddrinuse", StringComparison.OrdinalIgnoreCase))
            {
                throw new BrokerException($"RabbitMQ ended while starting. Its log is in {options.DataDirectory}/log; its last words:\n{text}");
            }
        }
    }

    private async Task SpawnAsync(BrokerInstallation installation, NodeLayout layout, NodePorts ports, CancellationToken cancellationToken)
    {
        var environment = layout.Environment();
        if (options.Member is null)
        {
            epmd = await PortMapper.StartAsync(installation, ports.Epmd, options.DataDirectory, environment, journal, Capture, cancellationToken);
        }
        node = await ChildProcess.StartAsync(new ChildProcessStart(installation.ServerScript, [])
        {
            WorkingDirectory = options.DataDirectory,
            Environment = environment,
            OnLine = Capture,
        });
        if (node.Identity is { } identity)
        {
            journal.Add("rabbitmq", identity);
        }
    }

    /// <summary>True: ready. False: the node has ended.</summary>
    private async Task<bool> WaitUntilReadyAsync(NodePorts ports, CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(options.StartLimit);
        try
        {
            while (!Exited.IsCompleted)
            {
                if (await NodeReadiness.IsReadyAsync(ports.Amqp, ports.Stream, limit.Token))
                {
                    // Somebody else's listener on our port would have answered as well; then our node is about to end.
                    return !Exited.IsCompleted;
                }
                await Task.WhenAny(Exited, Task.Delay(ReadinessInterval, TimeProvider.System, limit.Token));
                limit.Token.ThrowIfCancellationRequested();
            }
            return false;
        }
        catch (OperationCanceledException e) when (!cancellationToken.IsCancellationRequested)
        {
            throw new BrokerException($"RabbitMQ was not ready within {options.StartLimit.TotalSeconds:0} s. Its log is in " +
                $"{options.DataDirectory}/log; its last words:\n{output.Tail(15)}", e);
        }
    }

    private async Task EndProcessesAsync(TimeSpan grace)
    {
        if (node is not null)
        {
            await node.StopAsync(grace, TimeProvider.System);
            journal.Remove(node.ProcessId);
            await node.DisposeAsync();
        }
        if (epmd is not null)
        {
            await epmd.DisposeAsync();
        }
    }

    private void Capture(OutputLine line)
    {
        output.Add(line);
        options.OnOutput?.Invoke(line.Text);
    }
}
