using System.Globalization;
using FlowPlatform.Orchestration.Processes;

namespace FlowPlatform.Orchestration.Broker;

/// <summary>
/// A RabbitMQ cluster of our own: three private nodes on this machine, with one user, one cookie, one port mapper and ports of their own on loopback. What is kept on all of them outlives any one.
/// It needs nothing installed and no root, and dies with this process, also when that is killed (on Linux; elsewhere the next start on the same data sweeps it). Safe for concurrent use.
/// </summary>
public sealed class PrivateCluster : IAsyncDisposable
{
    /// <summary>Nodes of a cluster. Two lose their majority with either of them, so they are worse than one; more than three on one machine cost memory and processor time and survive nothing more.</summary>
    public const int Size = 3;

    private const long FreeBytesMin = 600L << 20;
    private static readonly TimeSpan MapperPause = TimeSpan.FromMilliseconds(200);

    private readonly PrivateClusterOptions options;
    private readonly FileLock held;
    private readonly ProcessJournal journal;
    private readonly CancellationTokenSource stopping = new();
    private readonly TaskCompletionSource<int> exited = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private ClusterLayout layout = null!;
    private PortMapper? mapper;
    private Task[] supervision = [];
    private int stopped;

    private PrivateCluster(PrivateClusterOptions options, FileLock held)
    {
        this.options = options;
        this.held = held;
        journal = new ProcessJournal(Path.Combine(options.DataDirectory, "processes"));
    }

    /// <summary>The nodes, by number.</summary>
    public IReadOnlyList<PrivateClusterNode> Nodes { get; private set; } = [];

    /// <summary><c>amqp://user:password@127.0.0.1:port/?nodes=…</c>, naming all nodes. Holds a secret: don't log it.</summary>
    public string AmqpUri => Address("amqp", node => node.AmqpPort);

    /// <summary><c>rabbitmq-stream://user:password@127.0.0.1:port/?nodes=…</c>, naming all nodes. Holds a secret: don't log it.</summary>
    public string StreamUri => Address("rabbitmq-stream", node => node.StreamPort);

    /// <summary>Completes when the cluster was stopped or killed; nodes that end by themselves are started again.</summary>
    public Task<int> Exited => exited.Task;

    /// <summary>Gets a broker (see <see cref="BrokerLocator"/>), starts the nodes and waits until all of them serve both protocols.</summary>
    /// <param name="options">Where and how.</param>
    /// <param name="progress">What is being done, in lines for a user.</param>
    /// <param name="cancellationToken">Stops the attempt and whatever was started.</param>
    /// <exception cref="BrokerException">No broker to be had, another kind of log is there, a port is taken, no disk space, a node ended, wasn't ready in time or stayed alone.</exception>
    public static async Task<PrivateCluster> StartAsync(PrivateClusterOptions options, IProgress<string>? progress, CancellationToken cancellationToken)
    {
        options = options with { DataDirectory = Path.GetFullPath(options.DataDirectory) };
        ClusterLayout.RefuseOthers(options.DataDirectory);
        PrivateBroker.CheckDataDirectory(options.DataDirectory, FreeBytesMin);
        var installation = options.Installation ?? await BrokerLocator.LocateAsync(options.Source, progress, cancellationToken);
        var held = FileLock.TryAcquire(Path.Combine(options.DataDirectory, "node.lock"))
            ?? throw new BrokerException($"Another process runs a broker on {options.DataDirectory}. Stop it, or choose another data directory.");
        var cluster = new PrivateCluster(options, held);
        try
        {
            await cluster.StartAsync(installation, progress, cancellationToken);
            return cluster;
        }
        catch
        {
            await cluster.StopAsync(TimeSpan.Zero); // it served nobody yet
            throw;
        }
    }

    /// <summary>Stops all nodes at the same time: SIGTERM, after <see cref="PrivateClusterOptions.StopLimit"/> SIGKILL. The data stays.</summary>
    public ValueTask DisposeAsync() => new(StopAsync(options.StopLimit));

    internal async Task StopAsync(TimeSpan grace)
    {
        if (Interlocked.Exchange(ref stopped, 1) != 0)
        {
            return;
        }
        await stopping.CancelAsync();
        await Task.WhenAll(supervision).ContinueWith(static all => all.Exception, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
        // One after the other would be no safer: they are started together, so none has to wait for one that stopped later.
        await Task.WhenAll(Nodes.Select(node => node.EndAsync(grace)));
        if (mapper is not null)
        {
            await mapper.DisposeAsync();
        }
        held.Dispose();
        exited.TrySetResult(0);
        stopping.Dispose();
    }

    /// <summary>Kills all nodes at once, as a power cut would, and leaves them so. The data stays.</summary>
    public void Kill()
    {
        if (Volatile.Read(ref stopped) == 0)
        {
            stopping.Cancel();
        }
        foreach (var node in Nodes)
        {
            node.Kill();
        }
        exited.TrySetResult(128 + 9);
    }

    private async Task StartAsync(BrokerInstallation installation, IProgress<string>? progress, CancellationToken cancellationToken)
    {
        layout = ClusterLayout.LoadOrCreate(options.DataDirectory, options.User, options.Password);
        SweepAll();
        layout.RemoveUnfinishedDatabases();
        foreach (var number in Enumerable.Range(1, Size))
        {
            PrivateFile.CreateFolder(layout.FolderOf(number));
        }
        var epmdPort = LoopbackPorts.Take(1)[0];
        Nodes = [.. Enumerable.Range(1, Size).Select(number => MakeNode(number, epmdPort, installation))];
        mapper = await StartMapperAsync(installation, epmdPort, cancellationToken);
        if (ClusterLayout.HoldsDatabase(options.DataDirectory))
        {
            // Together: a node waits for those that stopped after it.
            await Task.WhenAll(Nodes.Select(node => StartAsync(node, progress, cancellationToken)));
        }
        else
        {
            // The first alone, for the others to join: two that meet while both are new might both begin a cluster.
            await StartAsync(Nodes[0], progress, cancellationToken);
            await Task.WhenAll(Nodes.Skip(1).Select(node => StartAsync(node, progress, cancellationToken)));
            await ClusterCheck.AreTogetherAsync(Nodes, layout, cancellationToken);
            layout.MarkFinished();
        }
        supervision = [.. Nodes.Select(node => node.KeepRunningAsync(stopping.Token)), KeepMapperAsync(installation, epmdPort, stopping.Token)];
    }

    private static async Task StartAsync(PrivateClusterNode node, IProgress<string>? progress, CancellationToken cancellationToken)
    {
        try
        {
            await node.StartAsync(cancellationToken);
            progress?.Report($"node {node.Number} of {Size} serves");
        }
        catch (BrokerException e)
        {
            throw new BrokerException($"Node {node.Number} of {Size}: {e.Message}", e);
        }
    }

    private PrivateClusterNode MakeNode(int number, int epmdPort, BrokerInstallation installation)
    {
        var nodeOptions = new PrivateBrokerOptions
        {
            DataDirectory = layout.FolderOf(number),
            User = layout.User,
            Password = layout.Password,
            AmqpPort = options.AmqpPorts?[number - 1],
            StreamPort = options.StreamPorts?[number - 1],
            AdvertisedStreamPort = options.AdvertisedStreamPorts?[number - 1],
            StartLimit = options.StartLimit,
            StopLimit = options.StopLimit,
            Installation = installation,
            Member = layout.Member(number, epmdPort),
            OnOutput = options.OnOutput is { } output ? line => output($"node {number}: {line}") : null,
        };
        return new PrivateClusterNode(number, nodeOptions, options.OnOutput);
    }

    /// <summary>Before anything starts: a node that a killed host left behind would still be in the cluster.</summary>
    private void SweepAll()
    {
        journal.Sweep();
        for (var number = 1; number <= Size; number++)
        {
            new ProcessJournal(Path.Combine(layout.FolderOf(number), "processes")).Sweep();
        }
    }

    private Task<PortMapper> StartMapperAsync(BrokerInstallation installation, int port, CancellationToken cancellationToken)
    {
        var member = layout.Member(1, port);
        var environment = new NodeLayout(layout.FolderOf(1), member.Secrets, new NodePorts(0, 0, 0, port), installation, new PrivateBrokerOptions { DataDirectory = layout.FolderOf(1) }).Environment();
        return PortMapper.StartAsync(installation, port, options.DataDirectory, environment, journal, line => options.OnOutput?.Invoke($"epmd: {line.Text}"), cancellationToken);
    }

    /// <summary>Nodes tell a new one by themselves where they are, within a minute; those that are connected don't need it.</summary>
    private async Task KeepMapperAsync(BrokerInstallation installation, int port, CancellationToken cancellationToken)
    {
        while (true)
        {
            var exitCode = await mapper!.Exited.WaitAsync(cancellationToken);
            options.OnOutput?.Invoke(string.Create(CultureInfo.InvariantCulture, $"the port mapper ended with {exitCode}; starting it again"));
            await mapper.DisposeAsync();
            await Task.Delay(MapperPause, TimeProvider.System, cancellationToken);
            mapper = await StartMapperAsync(installation, port, cancellationToken);
        }
    }

    private string Address(string scheme, Func<PrivateClusterNode, int> port)
    {
        var nodes = Nodes.Select(node => string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{port(node)}")).ToArray();
        return $"{scheme}://{layout.User}:{layout.Password}@{nodes[0]}/?nodes={string.Join(',', nodes.Skip(1))}";
    }
}
