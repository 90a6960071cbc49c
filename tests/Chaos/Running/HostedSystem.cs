using System.Globalization;
using System.Text.Json;
using FlowPlatform.Chaos.Plan;
using FlowPlatform.Orchestration.Processes;
using FlowPlatform.Orchestration.Supervision;
using FlowPlatform.Tests.Support;

namespace FlowPlatform.Chaos.Running;

/// <summary>The AppHost as a process with all that it runs. Whatever becomes of it, no process is left when it is disposed.</summary>
internal sealed class HostedSystem : IAsyncDisposable
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(100);

    /// <summary>The first start of all may have to download a broker.</summary>
    private static readonly TimeSpan StartLimit = TimeSpan.FromMinutes(6);
    private static readonly TimeSpan StopLimit = TimeSpan.FromSeconds(15);

    private readonly ChildProcess process;
    private readonly OutputBuffer output;
    private readonly TimeProvider time;

    private HostedSystem(string data, Topology topology, ChildProcess process, OutputBuffer output, TimeProvider time)
    {
        Data = data;
        Topology = topology;
        this.process = process;
        this.output = output;
        this.time = time;
    }

    public string Data { get; }

    public Topology Topology { get; }

    /// <summary>Where each process of a service listens, by its name.</summary>
    public IReadOnlyDictionary<string, Uri> Urls { get; private set; } = new Dictionary<string, Uri>();

    /// <summary>The AppHost's last lines.</summary>
    public string Output => output.Tail(60);

    /// <summary>Starts it and waits until its services are ready.</summary>
    /// <exception cref="ChaosException">It ended, or isn't ready in time.</exception>
    public static async Task<HostedSystem> StartAsync(
        string data, Topology topology, IReadOnlyList<string> flags, IEnumerable<KeyValuePair<string, string?>> settings, SmallDisk? disk, TimeProvider time, CancellationToken cancellationToken)
    {
        var output = new OutputBuffer(2_000);
        string[] arguments = [new Projects.AppHost().TargetPath, "--data", data, .. flags];
        var (program, all) = disk?.Command(DotnetHost.Path, arguments) ?? (DotnetHost.Path, arguments);
        // A broker, a server or a dataset named for other purposes is not for these runs.
        var environment = new Dictionary<string, string?> { ["ConnectionStrings__rabbitmq"] = null, ["ConnectionStrings__postgres"] = null, ["FLOW_DATASET"] = null };
        foreach (var (name, value) in settings)
        {
            environment[name] = value;
        }

        var process = await ChildProcess.StartAsync(new ChildProcessStart(program, all) { WorkingDirectory = Path.GetTempPath(), Environment = environment, OnLine = output.Add });
        var system = new HostedSystem(data, topology, process, output, time);
        try
        {
            await system.UntilAsync("the services are ready", () => File.Exists(Path.Combine(data, "apphost.json")), StartLimit, cancellationToken);
            system.Urls = EndpointFile.Read(data)!.Where(resource => topology.Services.Contains(resource.Key))
                .ToDictionary(resource => resource.Key, resource => new Uri(string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{resource.Value["http"]}")));
            return system;
        }
        catch
        {
            await system.DisposeAsync();
            throw;
        }
    }

    /// <summary>A file or folder below the data directory, as the services see it.</summary>
    public string Inside(string path) => OperatingSystem.IsLinux() ? string.Create(CultureInfo.InvariantCulture, $"/proc/{process.ProcessId}/root{path}") : path;

    /// <summary>A live process by the name that plans use; null while it is started again.</summary>
    public ProcessIdentity? Find(string target) => target switch
    {
        "postgres" => SystemProcesses.Postgres(Inside(Data)),
        _ when target.StartsWith("node ", StringComparison.Ordinal) => SystemProcesses.Broker(Data, Topology.BrokerNodes == 1 ? null : int.Parse(target["node ".Length..], CultureInfo.InvariantCulture)),
        _ => SystemProcesses.Service(Data, target),
    };

    /// <summary>A generated secret, by its parameter's name.</summary>
    public string Secret(string name)
    {
        using var json = JsonDocument.Parse(File.ReadAllText(Path.Combine(Data, "secrets.json")));
        return json.RootElement.GetProperty(name).GetString()!;
    }

    /// <summary>Waits for a condition that comes true while the AppHost runs.</summary>
    /// <exception cref="ChaosException">It doesn't, or the AppHost has ended.</exception>
    public async Task UntilAsync(string condition, Func<bool> holds, TimeSpan limit, CancellationToken cancellationToken)
    {
        var started = time.GetTimestamp();
        while (!holds())
        {
            if (process.Exited.IsCompleted)
            {
                throw new ChaosException($"The AppHost has ended with {await process.Exited} before: {condition}. Its last words:\n{Output}");
            }

            if (time.GetElapsedTime(started) > limit)
            {
                throw new ChaosException($"Waited {limit.TotalSeconds:0} s in vain: {condition}. The AppHost's last words:\n{Output}");
            }

            await Task.Delay(Interval, time, cancellationToken);
        }
    }

    /// <summary>Ends it as Ctrl-C does; afterwards nothing of it runs.</summary>
    public async ValueTask DisposeAsync()
    {
        await process.StopAsync(StopLimit, time);
        foreach (var left in SystemProcesses.All(Data))
        {
            Signals.Kill(left.ProcessId);
        }

        await process.DisposeAsync();
        var started = time.GetTimestamp();
        while (SystemProcesses.All(Data).Count > 0 && time.GetElapsedTime(started) < StopLimit)
        {
            await Task.Delay(Interval, time);
        }
    }
}
