using FlowPlatform.Orchestration.Broker.Checks;
using FlowPlatform.Orchestration.Processes;

namespace FlowPlatform.Orchestration.Broker.Containers;

/// <summary>How a broker's container is started.</summary>
internal sealed record ContainerBrokerOptions
{
    /// <summary>Holds everything of the broker. One at a time.</summary>
    public required string DataDirectory { get; init; }

    public required string User { get; init; }

    public required string? Password { get; init; }

    /// <summary>On 127.0.0.1.</summary>
    public required int AmqpPort { get; init; }

    /// <summary>On 127.0.0.1.</summary>
    public required int StreamPort { get; init; }

    public string Image { get; init; } = ContainerImage.Default;

    /// <summary>Called for each line that the broker writes. May be called concurrently.</summary>
    public Action<string>? OnOutput { get; init; }

    public TimeSpan PullLimit { get; init; } = TimeSpan.FromMinutes(10);

    public TimeSpan StartLimit { get; init; } = TimeSpan.FromMinutes(2);

    /// <summary>Whether it serves; given its two addresses.</summary>
    public Func<string, string, CancellationToken, Task<BrokerFacts>> Check { get; init; } = BrokerCheck.OnceAsync;
}

/// <summary>A RabbitMQ in a container of Docker or Podman: ports on loopback, data below the data directory, a user of its own; removed when this process ends.</summary>
internal sealed class ContainerBroker : IAsyncDisposable
{
    private const int OutputLinesMax = 2_000;
    private const int TailLines = 15;
    private static readonly TimeSpan CommandLimit = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan ReadinessInterval = TimeSpan.FromMilliseconds(250);

    private readonly ContainerBrokerOptions options;
    private readonly ContainerEngine engine;
    private readonly ContainerLayout layout;
    private readonly OutputBuffer output = new(OutputLinesMax);
    private readonly string amqpUri;
    private readonly string streamUri;
    private ContainerWatchdog? watchdog;
    private ChildProcess? container;
    private int stopped;

    private ContainerBroker(ContainerBrokerOptions options, ContainerEngine engine)
    {
        this.options = options;
        this.engine = engine;
        var secrets = NodeSecrets.LoadOrCreate(Path.Combine(options.DataDirectory, ContainerLayout.Folder), options.User, options.Password);
        layout = new ContainerLayout(options.DataDirectory, engine, options.Image, secrets, options.AmqpPort, options.StreamPort);
        amqpUri = $"amqp://{secrets.User}:{secrets.Password}@127.0.0.1:{options.AmqpPort}";
        streamUri = $"rabbitmq-stream://{secrets.User}:{secrets.Password}@127.0.0.1:{options.StreamPort}";
    }

    /// <summary>Completes with the exit code when the container has ended, wanted or not.</summary>
    public Task<int> Exited => container!.Exited;

    /// <summary>What the broker says of itself.</summary>
    public BrokerFacts Facts { get; private set; } = null!;

    private string EngineName => Path.GetFileName(engine.Executable);

    /// <summary>Gets the image if it isn't there, removes what an earlier run left, starts the container and waits until it serves both protocols.</summary>
    /// <exception cref="BrokerException">The message names the fault and the cure.</exception>
    public static async Task<ContainerBroker> StartAsync(ContainerBrokerOptions options, ContainerEngine engine, IProgress<string>? progress, CancellationToken cancellationToken)
    {
        ContainerLayout.CheckDirectory(options.DataDirectory);
        PrivateFile.CreateFolder(Path.Combine(options.DataDirectory, ContainerLayout.Folder));
        var broker = new ContainerBroker(options, engine);
        await broker.EnsureImageAsync(progress, cancellationToken);
        await broker.SweepAsync(progress, cancellationToken);
        try
        {
            progress?.Report($"starting a container of {options.Image} with {engine} …");
            await broker.RunAsync(cancellationToken);
            await broker.WaitUntilReadyAsync(cancellationToken);
            return broker;
        }
        catch
        {
            await broker.StopAsync(TimeSpan.Zero); // it served nobody yet
            throw;
        }
    }

    public ValueTask DisposeAsync() => new(StopAsync(TimeSpan.FromSeconds(8)));

    /// <summary>Asks the broker to stop, kills it after the grace, and removes the container. The data stays.</summary>
    public async Task StopAsync(TimeSpan grace)
    {
        if (Interlocked.Exchange(ref stopped, 1) != 0)
        {
            return;
        }
        if (container is { Exited.IsCompleted: false } && grace > TimeSpan.Zero)
        {
            var seconds = Math.Max(1, (int)grace.TotalSeconds);
            await TryAsync(["stop", "-t", seconds.ToString(System.Globalization.CultureInfo.InvariantCulture), layout.Name], grace + TimeSpan.FromSeconds(2));
        }
        if (await TryAsync(Removal(layout.Name), CommandLimit))
        {
            watchdog?.Dispose();
        }
        else
        {
            watchdog?.Fire(); // it tries once more, without us
        }
        if (container is not null)
        {
            await container.DisposeAsync();
        }
    }

    /// <summary>Removes it at once, without waiting for it.</summary>
    public void Kill()
    {
        watchdog?.Fire();
        container?.Kill();
    }

    private static string[] Removal(params string[] containers) => ["rm", "--force", "--volumes", .. containers];

    private async Task EnsureImageAsync(IProgress<string>? progress, CancellationToken cancellationToken)
    {
        var there = await RunEngineAsync(["image", "inspect", "--format", "{{.Architecture}}", options.Image], CommandLimit, cancellationToken);
        if (there.ExitCode != 0)
        {
            await PullAsync(progress, cancellationToken);
            return;
        }
        var architecture = there.Output.Trim();
        if (engine.Architecture is { } expected && architecture.Length > 0 && architecture != expected)
        {
            throw new BrokerException($"The image {options.Image} is here for {architecture}, but {engine} runs {expected}. " +
                $"Remove it ({EngineName} image rm {options.Image}) and start again, or choose another --broker.");
        }
    }

    private async Task PullAsync(IProgress<string>? progress, CancellationToken cancellationToken)
    {
        progress?.Report($"pulling the image {options.Image} with {engine}, once …");
        var layers = 0;
        var pull = await RunEngineAsync(["pull", options.Image], options.PullLimit, cancellationToken, line =>
        {
            if (line.Text.EndsWith("Pull complete", StringComparison.Ordinal) || (line.Text.StartsWith("Copying blob", StringComparison.Ordinal) && line.Text.Contains("done", StringComparison.Ordinal)))
            {
                progress?.Report($"pulling the image: {Interlocked.Increment(ref layers)} layers done");
            }
        });
        if (pull.ExitCode != 0)
        {
            throw new BrokerException(EngineFaults.Describe(EngineName, $"can't pull {options.Image}", pull.Errors));
        }
    }

    /// <summary>A container of this data directory is left of an AppHost that was killed: another one that runs would hold the directory's lock.</summary>
    private async Task SweepAsync(IProgress<string>? progress, CancellationToken cancellationToken)
    {
        var left = await RunEngineAsync(["ps", "--all", "--quiet", "--filter", $"label={ContainerLayout.DataLabel}={layout.Key}"], CommandLimit, cancellationToken);
        var ids = left.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        if (left.ExitCode == 0 && ids.Length > 0)
        {
            progress?.Report("removing the container that an earlier AppHost left behind …");
            var removed = await RunEngineAsync(Removal(ids), CommandLimit, cancellationToken);
            if (removed.ExitCode != 0)
            {
                throw new BrokerException(EngineFaults.Describe(EngineName, $"can't remove the container {layout.Name} of an earlier run", removed.Errors));
            }
        }
    }

    private async Task RunAsync(CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        layout.RemoveUnfinishedDatabase();
        layout.Write();
        watchdog = await ContainerWatchdog.StartAsync(engine.Executable, Removal(layout.Name));
        container = await ChildProcess.StartAsync(new ChildProcessStart(engine.Executable, layout.RunArguments(Signals.Identity()))
        {
            WorkingDirectory = options.DataDirectory,
            OnLine = line =>
            {
                output.Add(line);
                options.OnOutput?.Invoke(line.Text);
            },
        });
    }

    private async Task WaitUntilReadyAsync(CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(options.StartLimit);
        var last = "";
        try
        {
            while (!container!.Exited.IsCompleted)
            {
                try
                {
                    Facts = await options.Check(amqpUri, streamUri, limit.Token);
                    layout.MarkDatabaseFinished();
                    return;
                }
                catch (BrokerException e) when (e.MayPass)
                {
                    last = e.Message;
                }
                await Task.WhenAny(container.Exited, Task.Delay(ReadinessInterval, TimeProvider.System, limit.Token));
                limit.Token.ThrowIfCancellationRequested();
            }
        }
        catch (OperationCanceledException e) when (!cancellationToken.IsCancellationRequested)
        {
            throw new BrokerException($"RabbitMQ in the container was not ready within {options.StartLimit.TotalSeconds:0} s. {last}\nIts last words:\n{output.Tail(TailLines)}", e);
        }
        throw await EndedAsync(cancellationToken);
    }

    /// <summary>Docker's client ends with 125 when the container was never started; otherwise its code is the container's.</summary>
    private async Task<BrokerException> EndedAsync(CancellationToken cancellationToken)
    {
        const int NotStarted = 125;
        var exitCode = await container!.Exited;
        var words = output.Tail(TailLines);
        if (exitCode == NotStarted || words.Contains("exec format error", StringComparison.OrdinalIgnoreCase))
        {
            return new BrokerException(EngineFaults.Describe(EngineName, "can't start the broker's container", words));
        }
        var inspected = await RunEngineAsync(["inspect", "--format", "{{json .State}}", layout.Name], CommandLimit, cancellationToken);
        var state = inspected.ExitCode == 0 ? ContainerState.Parse(inspected.Output) : null;
        return new BrokerException($"RabbitMQ's container ended while starting ({state?.Describe() ?? $"exit code {exitCode}"}). Its last words:\n{words}");
    }

    private Task<Command.Result> RunEngineAsync(string[] arguments, TimeSpan limit, CancellationToken cancellationToken, Action<OutputLine>? onLine = null) =>
        Command.RunAsync(engine.Executable, arguments, options.DataDirectory, limit, cancellationToken, onLine);

    private async Task<bool> TryAsync(string[] arguments, TimeSpan limit)
    {
        try
        {
            return (await RunEngineAsync(arguments, limit, CancellationToken.None)).ExitCode == 0;
        }
        catch (BrokerException)
        {
            return false; // the engine doesn't answer in time: the caller goes on without it
        }
    }
}
